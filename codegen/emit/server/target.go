package server

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// A target is a value that is being built: what its literal holds, and the
// statements that follow it.
type target struct {
	name    string // of the variable
	owner   string // the API's type
	literal []jen.Code
	after   []jen.Code
}

func (t *target) set(field string, value *jen.Statement) {
	t.literal = append(t.literal, member(field, value))
}

// body builds the value and returns it, at once if the literal is all.
func (t *target) body(typ *jen.Statement) []jen.Code {
	literal := typ.Clone().Values()
	if len(t.literal) > 0 {
		literal = typ.Clone().Add(fields(t.literal...))
	}
	if len(t.after) == 0 {
		return []jen.Code{jen.Return(literal)}
	}
	out := []jen.Code{jen.Id(t.name).Op(":=").Add(literal)}
	return append(append(out, t.after...), jen.Return(jen.Id(t.name)))
}

// pointer builds the value and returns where it is.
func (t *target) pointer(typ *jen.Statement) []jen.Code {
	literal := jen.Op("&").Add(typ.Clone()).Add(fields(t.literal...))
	if len(t.after) == 0 {
		return []jen.Code{jen.Return(literal)}
	}
	out := []jen.Code{jen.Id(t.name).Op(":=").Add(literal)}
	return append(append(out, t.after...), jen.Return(jen.Id(t.name)))
}

// shown is a field with where its value comes from: a state, or a read model's row.
type shown struct {
	*ir.Field
	from *jen.Statement
	row  bool
}

func (s shown) source() *jen.Statement { return s.from.Clone() }

// show sets one field of an answer; optional says that the API may leave it out.
func (e *emission) show(v *target, s shown, optional bool) {
	name, field := naming.Go(s.Name), jen.Id(v.name).Dot(naming.Go(s.Name))
	present := s.Type
	present.Optional = false
	switch {
	case s.Type.Kind == ir.Map && s.Type.Optional:
		v.after = append(v.after, jen.If(s.source().Op("!=").Nil()).Block(
			field.Op("=").Add(e.api("NewOpt"+v.owner+name)).Call(e.shownMap(s))))
	case s.Type.Kind == ir.Map:
		v.set(name, e.api(v.owner+name).Call(e.shownMap(s)))
	case isCollection(s.Type) && same(s.Type):
		v.set(name, s.source())
	case isCollection(s.Type):
		v.after = append(v.after, jen.For(jen.List(jen.Id("_"), jen.Id("item")).Op(":=").Range().Add(s.source())).Block(
			field.Clone().Op("=").Append(field, e.shownValue(s, *s.Type.Elem, jen.Id("item")))))
	case s.row && s.Type.Optional && openapi.StoredAsJSON(s.Type):
		v.after = append(v.after, jen.If(s.source().Op("!=").Nil()).Block(field.Op("=").Add(jxRaw()).Call(jen.Op("*").Add(s.source()))))
	case s.Type.Kind == ir.JSON:
		v.set(name, jxRaw().Call(s.source()))
	case s.Type.Optional:
		v.after = append(v.after, jen.If(s.source().Op("!=").Nil()).Block(
			field.Op("=").Add(e.newOption(present)).Call(e.shownValue(s, present, dereferenced(present, s.source())))))
	case optional:
		v.set(name, e.newOption(present).Call(e.shownValue(s, present, s.source())))
	default:
		v.set(name, e.shownValue(s, present, s.source()))
	}
}

func (e *emission) shownValue(s shown, t ir.Type, value *jen.Statement) *jen.Statement {
	if s.row {
		return e.rowToAPI(t, value)
	}
	return e.toAPI(t, value)
}

// dereferenced is *p, but not where a method is called on it: Go does that itself.
func dereferenced(t ir.Type, pointer *jen.Statement) *jen.Statement {
	if t.Kind == ir.Duration || t.Secret {
		return pointer
	}
	return jen.Op("*").Add(pointer)
}

// states are the fields of what is answered, inputs those of what is taken.
func (e *emission) states() (out []*ir.Field) {
	for _, a := range e.Aggregates {
		out = append(out, a.State...)
	}
	for _, o := range e.Operations {
		out = append(out, o.Output...)
	}
	return out
}

func (e *emission) inputs() (out []*ir.Field) {
	for _, a := range e.Aggregates {
		for _, c := range openapi.Commands(a) {
			out = append(out, c.Input...)
		}
	}
	for _, o := range e.Operations {
		out = append(out, o.Input...)
	}
	return out
}

// structs are the structs that fields hold, each before those that are part of it.
func structs(fields []*ir.Field) []*ir.TypeDef {
	var out []*ir.TypeDef
	var visit func(t ir.Type)
	visit = func(t ir.Type) {
		if t.Elem != nil {
			visit(*t.Elem)
		}
		if t.Kind != ir.Struct || slices.Contains(out, t.Def) {
			return
		}
		out = append(out, t.Def)
		for _, f := range t.Def.Fields {
			visit(f.Type)
		}
	}
	for _, f := range fields {
		visit(f.Type)
	}
	return out
}
