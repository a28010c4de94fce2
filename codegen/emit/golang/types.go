package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// typesFile declares the module's enums and structs, and the patterns that its texts must match.
func (g *module) typesFile() *file {
	f := g.newFile("types.go")
	f.PackageComment("Package " + naming.Package(g.Name) + " is the domain of the module " + g.Name + ".")
	for _, line := range wrap(g.Doc) {
		f.PackageComment(line)
	}
	for _, def := range g.Types {
		switch def.Type.Kind {
		case ir.Enum:
			g.enum(f, def)
		case ir.Struct:
			g.structType(f, def)
		} // a named scalar is its base type in Go
	}
	g.patterns(f)
	return f
}

// enum declares
//
//	type Priority string
//
//	const (
//		PriorityLow    Priority = "low"
//		PriorityNormal Priority = "normal"
//	)
func (g *module) enum(f *file, def *ir.TypeDef) {
	name := naming.Go(def.Name)
	f.comment("%s", is(name, def.Doc, "one of a fixed set of values."))
	f.fn(jen.Type().Id(name).String())
	var consts []jen.Code
	for _, v := range def.Values {
		consts = append(consts, docLines(v.Doc)...)
		consts = append(consts, jen.Id(constName(def, v.Name)).Id(name).Op("=").Lit(v.Name))
	}
	f.comment("The values of %s, in their order.", name)
	f.fn(jen.Const().Defs(consts...))
	g.enumMethods(f, def)
	for _, attribute := range def.Attributes {
		g.enumAttribute(f, def, attribute)
	}
}

func (g *module) enumMethods(f *file, def *ir.TypeDef) {
	name := naming.Go(def.Name)
	receiver := jen.Id("v").Id(name)
	var values []jen.Code
	for _, v := range def.Values {
		values = append(values, jen.Id(constName(def, v.Name)))
	}
	f.comment("Values lists what %s %s can be, lowest rank first.", article(name), name)
	f.fn(jen.Func().Params(jen.Id(name)).Id("Values").Params().Index().Id(name).Block(
		jen.Return(jen.Index().Id(name).Values(values...))))

	f.comment("Valid reports whether v is one of them.")
	f.fn(jen.Func().Params(receiver).Id("Valid").Params().Bool().Block(
		jen.Return(jen.Id("v").Dot("Rank").Call().Op(">=").Lit(0))))

	f.comment("Rank is the place of v among the values, from 0; -1 if it is none of them.")
	f.fn(jen.Func().Params(receiver.Clone()).Id("Rank").Params().Int().Block(
		jen.Return(snip.SlicesIndex().Call(jen.Id("v").Dot("Values").Call(), jen.Id("v")))))
}

// enumAttribute declares
//
//	func (v Plan) StorageGB() int64 {
//		switch v {
//		case PlanFree:
//			return 1
//		}
//		return 0
//	}
func (g *module) enumAttribute(f *file, def *ir.TypeDef, a *ir.Field) {
	var cases []jen.Code
	constants := g.exprs(nil)
	for _, v := range def.Values {
		if value := v.Attributes[a.Name]; value != nil {
			cases = append(cases, jen.Case(jen.Id(constName(def, v.Name))).Block(jen.Return(constants.assign(a.Type, value))))
		}
	}
	otherwise := "the zero value for a value that is not known"
	if a.Type.Optional {
		otherwise = "nil where there is none"
	}
	method := naming.Go(a.Name)
	f.comment("%s; %s.", is(method, trimDot(a.Doc), "the "+naming.Words(a.Name)+" that comes with v"), otherwise)
	f.fn(jen.Func().Params(jen.Id("v").Id(naming.Go(def.Name))).Id(method).Params().Add(g.goType(a.Type)).Block(
		jen.Switch(jen.Id("v")).Block(cases...),
		jen.Return(g.zero(a.Type))))
}

// zero is the zero value of a type.
func (g *module) zero(t ir.Type) *jen.Statement {
	switch {
	case t.Optional || isCollection(t) || t.Kind == ir.JSON:
		return jen.Nil()
	case t.Kind == ir.Bool:
		return jen.False()
	case t.Kind == ir.Int || t.Kind == ir.Duration:
		return jen.Lit(0)
	case isText(t.Kind) || t.Kind == ir.Enum:
		return jen.Lit("")
	}
	return g.goType(t).Values()
}

func (g *module) structType(f *file, def *ir.TypeDef) {
	name := naming.Go(def.Name)
	f.comment("%s", is(name, def.Doc, "a group of values."))
	f.fn(jen.Type().Id(name).Struct(g.structFields(def.Fields)...))
	g.logValue(f, name, def.Fields)
	g.constructor(f, name, def.Fields)
	g.structNormalize(f, name, def.Fields)
	g.structCheck(f, name, def.Fields)
	g.equalMethod(f, def)
	g.encodeMethod(f, name, def.Fields)
	g.decodeMethod(f, name, def.Fields)
}

// constructor makes a value with its defaults:
//
//	func NewSettings() Settings {
//		return Settings{
//			Locale: "en",
//		}
//	}
func (g *module) constructor(f *file, name string, fields []*ir.Field) {
	if !HasDefaults(fields) {
		return
	}
	f.comment("New%s returns %s %s with its default values; set the others.", name, article(name), name)
	f.fn(jen.Func().Id("New" + name).Params().Id(name).Block(
		jen.Return(jen.Id(name).Add(lines(g.defaults(fields)...)))))
}

func (g *module) defaults(fields []*ir.Field) []jen.Code {
	var code []jen.Code
	constants := g.exprs(nil)
	for _, field := range fields {
		if field.Default != nil && !isNull(field.Default) {
			code = append(code, pair(naming.Go(field.Name), constants.assign(field.Type, field.Default)))
		}
	}
	return code
}
