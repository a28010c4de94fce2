package golang

import (
	"math"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// maxString is how long a string may be whose type does not say.
const maxString = 10_000

// structCheck declares
//
//	func (v Settings) Check(errs *validate.Errors, at string) {
//		errs.Text(at+"/locale", v.Locale, 1, 5)
//	}
func (g *module) structCheck(f *file, name string, fields []*ir.Field) {
	body := g.fieldChecks(fields, func(field string) *jen.Statement { return jen.Id("at").Op("+").Lit("/" + field) })
	f.comment("Check adds to errs what is wrong with v, which stands at the JSON Pointer at.")
	f.fn(jen.Func().Params(jen.Id("v").Id(name)).Id("Check").
		Params(jen.Id("errs").Op("*").Add(snip.Validation()), jen.Id("at").String()).Block(body...))
}

// validateMethod declares
//
//	func (v *CreateJob) Validate() error {
//		errs := new(validate.Errors)
//		errs.Text("/title", v.Title, 1, 200)
//		return errs.Problem()
//	}
func (g *module) validateMethod(f *file, name string, fields []*ir.Field) {
	checks := g.fieldChecks(fields, func(field string) *jen.Statement { return jen.Lit("/" + field) })
	if len(checks) == 0 {
		return
	}
	body := []jen.Code{jen.Id("errs").Op(":=").New(snip.Validation())}
	body = append(body, checks...)
	body = append(body, jen.Return(jen.Id("errs").Dot("Problem").Call()))
	f.comment("Validate tells all that is wrong with the values; they should have been normalized before.")
	f.fn(jen.Func().Params(jen.Id("v").Op("*").Id(name)).Id("Validate").Params().Error().Block(body...))
}

func (g *module) fieldChecks(fields []*ir.Field, pointer func(field string) *jen.Statement) []jen.Code {
	var checks []jen.Code
	for _, f := range fields {
		checks = append(checks, g.check(f.Type, pointer(f.Name), jen.Id("v").Dot(naming.Go(f.Name)))...)
	}
	return checks
}

// check is what must hold of a value, nothing if the type allows all of them.
func (g *module) check(t ir.Type, at, value *jen.Statement) []jen.Code {
	if isPointer(t) {
		if inner := g.check(required(t), at, g.dereferenced(t, value)); len(inner) > 0 {
			return []jen.Code{jen.If(value.Clone().Op("!=").Nil()).Block(inner...)}
		}
		return nil
	}
	if isCollection(t) {
		return g.checkItems(t, at, value)
	}
	if t.Secret {
		value = value.Clone().Dot("Reveal").Call()
	}
	return g.checkScalar(t, at, value)
}

func (g *module) dereferenced(t ir.Type, value *jen.Statement) *jen.Statement {
	if t.Kind == ir.Struct || t.Kind == ir.Money || t.Secret {
		return value.Clone() // methods are called, and Go dereferences by itself
	}
	return jen.Op("*").Add(value.Clone())
}

func (g *module) checkScalar(t ir.Type, at, value *jen.Statement) []jen.Code {
	errs := func(method string, args ...jen.Code) []jen.Code {
		return []jen.Code{jen.Id("errs").Dot(method).Call(append([]jen.Code{at.Clone(), value.Clone()}, args...)...)}
	}
	switch t.Kind {
	case ir.String, ir.Text:
		return g.checkText(t, at, value)
	case ir.Email, ir.URL:
		return errs(map[ir.Kind]string{ir.Email: "Email", ir.URL: "URL"}[t.Kind])
	case ir.Enum:
		return []jen.Code{snip.CheckEnum().Call(jen.Id("errs"), at.Clone(), value.Clone())}
	case ir.Struct:
		return []jen.Code{value.Clone().Dot("Check").Call(jen.Id("errs"), at.Clone())}
	case ir.Int:
		return g.checkRange(t, at, value)
	case ir.Decimal:
		return errs("Decimal", jen.Lit(int(t.Precision)), jen.Lit(int(t.Scale)))
	case ir.Duration:
		return g.checkRange(t, at, jen.Int64().Call(value.Clone().Op("/").Add(snip.Second())))
	case ir.Money:
		return holds(value.Clone().Dot("Valid").Call(), at, "INVALID_CURRENCY", "must have an ISO 4217 currency")
	case ir.Ref:
		return holds(value.Clone().Op("!=").Add(snip.NilUUID()), at, "REQUIRED", "must be an id")
	case ir.JSON:
		if !t.Optional {
			return holds(snip.JSONValid().Call(value.Clone()), at, "INVALID_JSON", "must be a JSON value")
		}
	}
	return nil
}

func holds(condition, at *jen.Statement, code, message string) []jen.Code {
	return []jen.Code{jen.Id("errs").Dot("Check").Call(condition, at.Clone(), jen.Lit(code), jen.Lit(message))}
}

func (g *module) checkText(t ir.Type, at, value *jen.Statement) []jen.Code {
	longest := bound(t.Limits.MaxLength, math.MaxInt64)
	if t.Kind == ir.String && t.Limits.MaxLength == nil {
		longest = jen.Lit(maxString)
	}
	checks := []jen.Code{jen.Id("errs").Dot("Text").Call(at.Clone(), value.Clone(), bound(t.Limits.MinLength, 0), longest)}
	if t.Limits.Pattern != "" {
		checks = append(checks, jen.Id("errs").Dot("Pattern").Call(at.Clone(), value.Clone(), g.pattern(t.Limits.Pattern)))
	}
	return checks
}

func (g *module) checkRange(t ir.Type, at, value *jen.Statement) []jen.Code {
	if t.Limits.Min == nil && t.Limits.Max == nil {
		return nil
	}
	return []jen.Code{jen.Id("errs").Dot("Range").Call(at.Clone(), value, bound(t.Limits.Min, math.MinInt64), bound(t.Limits.Max, math.MaxInt64))}
}

// checkItems checks how many items there are, and each of them.
func (g *module) checkItems(t ir.Type, at, value *jen.Statement) []jen.Code {
	var checks []jen.Code
	if t.Limits.MinItems != nil || t.Limits.MaxItems != nil {
		count := jen.Id("errs").Dot("Items").Call(at.Clone(), jen.Len(value.Clone()), bound(t.Limits.MinItems, 0), bound(t.Limits.MaxItems, math.MaxInt64))
		if t.Optional {
			count = jen.If(value.Clone().Op("!=").Nil()).Block(count) // what is left out has not too few
		}
		checks = append(checks, count)
	}
	if t.Kind == ir.List && t.Limits.Unique && isComparable(*t.Elem) {
		checks = append(checks, snip.CheckUnique().Call(jen.Id("errs"), at.Clone(), value.Clone()))
	}
	return append(checks, g.checkEach(t, at, value)...)
}

// checkEach prints
//
//	for i, item := range v.Tags {
//		errs.Text(validate.Index("/tags", i), item, 1, 50)
//	}
func (g *module) checkEach(t ir.Type, at, value *jen.Statement) []jen.Code {
	pointer := snip.PointerIndex().Call(at.Clone(), jen.Id("i"))
	each := []jen.Code{jen.Id("i"), jen.Id("item")}
	if t.Kind == ir.Map {
		pointer = snip.PointerKey().Call(at.Clone(), jen.Id("key"))
		sorted := snip.SlicesSorted().Call(snip.MapsKeys().Call(value.Clone()))
		checks := g.check(*t.Key, pointer, jen.Id("key"))
		checks = append(checks, g.check(*t.Elem, pointer, value.Clone().Index(jen.Id("key")))...)
		return []jen.Code{jen.For(jen.List(jen.Id("_"), jen.Id("key")).Op(":=").Range().Add(sorted)).Block(checks...)}
	}
	checks := g.check(*t.Elem, pointer, jen.Id("item"))
	if len(checks) == 0 {
		return nil
	}
	return []jen.Code{jen.For(jen.List(each...).Op(":=").Range().Add(value.Clone())).Block(checks...)}
}

// bound is a limit's value; otherwise, if the spec states none, the given extreme.
func bound(n *int64, otherwise int64) *jen.Statement {
	switch {
	case n != nil:
		return jen.Lit(int(*n))
	case otherwise == math.MaxInt64:
		return snip.Unbounded()
	case otherwise == math.MinInt64:
		return jen.Op("-").Add(snip.Unbounded())
	}
	return jen.Lit(int(otherwise))
}
