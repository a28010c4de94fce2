package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// call prints a function of the expression language.
func (x *exprs) call(e *ir.Expr) *jen.Statement {
	if isAttribute(e) {
		return x.requiredAttribute(e)
	}
	a := e.Args[0]
	switch e.Fn {
	case "size":
		return jen.Int64().Call(x.length(a))
	case "millis":
		return x.receiver(a).Dot("Milliseconds").Call()
	case "date":
		return snip.Codec("Day").Call(x.value(a))
	case "duration":
		return x.constant(e, ir.Duration)
	case "timestamp":
		return x.constant(e, ir.Timestamp)
	case "rank":
		return jen.Int64().Call(x.receiver(a).Dot("Rank").Call())
	case "string":
		return x.toString(a)
	case "int":
		return x.toInt(a)
	case "min", "max":
		return x.extreme(e)
	case "lower":
		return snip.ToLower().Call(x.value(a))
	case "upper":
		return snip.ToUpper().Call(x.value(a))
	case "trim":
		return snip.TrimSpace().Call(x.value(a))
	}
	return x.textTest(e)
}

// textTest prints the functions of two texts that are true or false.
func (x *exprs) textTest(e *ir.Expr) *jen.Statement {
	tests := map[string]func() *jen.Statement{
		"startsWith": snip.HasPrefix, "endsWith": snip.HasSuffix, "contains": snip.StringsContains,
	}
	a, b := e.Args[0], e.Args[min(1, len(e.Args)-1)]
	switch {
	case e.Fn == "contains" && isCollection(a.Type):
		return snip.SlicesContains().Call(x.value(a), x.value(b))
	case e.Fn == "matches":
		return x.g.pattern(b.Value).Dot("MatchString").Call(x.value(a))
	case tests[e.Fn] != nil:
		return tests[e.Fn]().Call(x.value(a), x.value(b))
	}
	x.g.fail(e.Pos, "there is no Go for the function %s", e.Fn)
	return jen.Nil()
}

// constant prints duration('720h') or timestamp('…') by its value.
func (x *exprs) constant(e *ir.Expr, kind ir.Kind) *jen.Statement {
	a := e.Args[0]
	if a.Op != ir.Literal {
		x.g.fail(e.Pos, "%s() takes a text in quotes, nothing computed", e.Fn)
		return jen.Nil()
	}
	return x.g.literal(&ir.Expr{Op: ir.Literal, Type: ir.Type{Kind: kind}, Value: a.Value, Pos: e.Pos})
}

// length prints the size of a text in characters, or of a collection in items.
func (x *exprs) length(a *ir.Expr) *jen.Statement {
	if isText(a.Type.Kind) {
		return snip.RuneCount().Call(x.value(a))
	}
	return jen.Len(x.value(a))
}

func (x *exprs) toString(a *ir.Expr) *jen.Statement {
	switch a.Type.Kind {
	case ir.Int:
		return snip.FormatInt().Call(x.value(a), jen.Lit(10))
	case ir.Bool:
		return snip.FormatBool().Call(x.value(a))
	case ir.UUID, ir.Ref, ir.Decimal, ir.Duration:
		return x.receiver(a).Dot("String").Call()
	case ir.Timestamp:
		return x.receiver(a).Dot("Format").Call(snip.RFC3339Nano())
	case ir.Date:
		return x.receiver(a).Dot("Format").Call(snip.DateOnly())
	case ir.Enum:
		return jen.String().Call(x.value(a))
	}
	return x.value(a)
}

func (x *exprs) toInt(a *ir.Expr) *jen.Statement {
	switch a.Type.Kind {
	case ir.Decimal:
		return x.receiver(a).Dot("IntPart").Call()
	case ir.Int:
		return x.value(a)
	}
	x.g.fail(a.Pos, "int() cannot take %s", a.Type.Kind)
	return jen.Nil()
}

// extreme prints min and max; times and decimals are not ordered by Go's own.
func (x *exprs) extreme(e *ir.Expr) *jen.Statement {
	a, b := e.Args[0], e.Args[1]
	if isInstant(a.Type) {
		name := map[string]string{"min": "Earlier", "max": "Later"}[e.Fn]
		return snip.Codec(name).Call(x.value(a), x.value(b))
	}
	if a.Type.Kind == ir.Decimal {
		return snip.Decimal(naming.Go(e.Fn)).Call(x.value(a), x.value(b))
	}
	return jen.Id(e.Fn).Call(x.value(a), x.value(b))
}

// isAttribute tells whether e is an enum's attribute, e.g. facts.plan.max_urgent_jobs().
func isAttribute(e *ir.Expr) bool {
	return e.Op == ir.Call && len(e.Args) == 1 && e.Args[0].Type.Kind == ir.Enum &&
		ir.FieldNamed(e.Args[0].Type.Def.Attributes, e.Fn) != nil
}

func isOptionalAttribute(e *ir.Expr) bool {
	return isAttribute(e) && isPointer(ir.FieldNamed(e.Args[0].Type.Def.Attributes, e.Fn).Type)
}

// attribute prints a call of the enum's method, which gives a pointer if the attribute is optional.
func (x *exprs) attribute(e *ir.Expr) *jen.Statement {
	return x.receiver(e.Args[0]).Dot(naming.Go(e.Fn)).Call()
}

func (x *exprs) requiredAttribute(e *ir.Expr) *jen.Statement {
	if !isOptionalAttribute(e) {
		return x.attribute(e)
	}
	code := x.attribute(e)
	*x.needs = append(*x.needs, need{exprText(e), code.Clone()})
	return jen.Op("*").Add(code)
}
