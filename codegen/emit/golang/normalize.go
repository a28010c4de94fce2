package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// structNormalize declares, if there is anything to do,
//
//	func (v *Settings) Normalize() {
//		v.Locale = strings.TrimSpace(v.Locale)
//	}
func (g *module) structNormalize(f *file, name string, fields []*ir.Field) {
	if !g.normalizesAny(fields) {
		return
	}
	var body []jen.Code
	for _, field := range fields {
		if g.normalizes(field.Type) {
			body = append(body, g.normalize(field.Type, jen.Id("v").Dot(naming.Go(field.Name))))
		}
	}
	f.comment("Normalize brings the values into the form they are kept in: trimmed, in lower case, each item of a set once.")
	f.fn(jen.Func().Params(jen.Id("v").Op("*").Id(name)).Id("Normalize").Params().Block(body...))
}

func (g *module) normalizesAny(fields []*ir.Field) bool {
	for _, f := range fields {
		if g.normalizes(f.Type) {
			return true
		}
	}
	return false
}

func (g *module) normalizes(t ir.Type) bool {
	switch t.Kind {
	case ir.Timestamp, ir.Date, ir.Set:
		return true
	case ir.Struct:
		return g.normalizesAny(t.Def.Fields)
	case ir.List, ir.Map:
		return g.normalizes(*t.Elem)
	}
	return t.Limits.Trim || t.Limits.Lower
}

// normalize is the statement that replaces the value at place, which has the type t.
func (g *module) normalize(t ir.Type, place *jen.Statement) *jen.Statement {
	switch {
	case isPointer(t) && t.Kind == ir.Struct:
		return ifPresent(place, place.Clone().Dot("Normalize").Call())
	case isPointer(t):
		value := normalized(required(t), jen.Op("*").Add(place.Clone()))
		return ifPresent(place, place.Clone().Op("=").New(value))
	case t.Kind == ir.Struct:
		return place.Clone().Dot("Normalize").Call()
	case isCollection(t):
		return g.normalizeItems(t, place)
	}
	return place.Clone().Op("=").Add(normalized(t, place.Clone()))
}

func ifPresent(place *jen.Statement, do jen.Code) *jen.Statement {
	return jen.If(place.Clone().Op("!=").Nil()).Block(do)
}

// normalizeItems prints
//
//	for i := range v.Tags {
//		v.Tags[i] = strings.ToLower(v.Tags[i])
//	}
//	v.Tags = codec.Union(v.Tags)
func (g *module) normalizeItems(t ir.Type, place *jen.Statement) *jen.Statement {
	all := jen.Null()
	if t.Kind == ir.Map && t.Elem.Kind == ir.Struct { // what a map holds has no address
		return all.Add(jen.For(jen.List(jen.Id("key"), jen.Id("item")).Op(":=").Range().Add(place.Clone())).Block(
			g.normalize(*t.Elem, jen.Id("item")),
			place.Clone().Index(jen.Id("key")).Op("=").Id("item")))
	}
	if g.normalizes(*t.Elem) {
		all.Add(jen.For(jen.Id("i").Op(":=").Range().Add(place.Clone())).Block(
			g.normalize(*t.Elem, place.Clone().Index(jen.Id("i")))))
	}
	if t.Kind != ir.Set {
		return all
	}
	if g.normalizes(*t.Elem) {
		all.Line()
	}
	return all.Add(place.Clone().Op("=").Add(snip.Codec("Union")).Call(place.Clone()))
}

func normalized(t ir.Type, value *jen.Statement) *jen.Statement {
	switch t.Kind {
	case ir.Timestamp:
		return snip.Codec("Micro").Call(value)
	case ir.Date:
		return snip.Codec("Day").Call(value)
	}
	if t.Limits.Trim {
		value = snip.TrimSpace().Call(value)
	}
	if t.Limits.Lower {
		value = snip.ToLower().Call(value)
	}
	return value
}
