package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// equalFunc is a function that compares two values of the type.
func (g *module) equalFunc(t ir.Type) *jen.Statement {
	switch {
	case isComparable(t):
		return snip.Codec("Equal")
	case t.Kind == ir.List && isComparable(*t.Elem):
		return snip.SlicesEqual()
	case t.Kind == ir.Set:
		return snip.Codec("SameSet")
	case t.Kind == ir.Map && isComparable(*t.Elem):
		return snip.MapsEqual()
	case t.Kind == ir.Map:
		return jen.Func().Params(jen.List(jen.Id("a"), jen.Id("b")).Add(g.goType(t))).Bool().
			Block(jen.Return(g.mapEqual(*t.Elem, jen.Id("a"), jen.Id("b"))))
	case t.Kind == ir.JSON:
		return snip.Codec("SameJSON")
	case t.Kind == ir.List:
		return jen.Func().Params(jen.List(jen.Id("a"), jen.Id("b")).Add(g.goType(t))).Bool().
			Block(jen.Return(g.listEqual(*t.Elem, jen.Id("a"), jen.Id("b"))))
	}
	return g.goType(t).Dot("Equal")
}

func (g *module) listEqual(elem ir.Type, a, b *jen.Statement) *jen.Statement {
	if isComparable(elem) {
		return snip.SlicesEqual().Call(a, b)
	}
	return snip.SlicesEqualFunc().Call(a, b, g.equalFunc(elem))
}

func (g *module) mapEqual(elem ir.Type, a, b *jen.Statement) *jen.Statement {
	if isComparable(elem) {
		return snip.MapsEqual().Call(a, b)
	}
	return snip.MapsEqualFunc().Call(a, b, g.equalFunc(elem))
}

// equalMethod gives a struct that == does not compare rightly a method that does:
//
//	func (s Settings) Equal(o Settings) bool {
//		return s.Locale == o.Locale && s.Since.Equal(o.Since)
//	}
func (g *module) equalMethod(f *file, def *ir.TypeDef) {
	if isComparable(def.Type) {
		return
	}
	name := naming.Go(def.Name)
	same := jen.Null()
	for i, field := range def.Fields {
		if i > 0 {
			same.Op("&&").Line()
		}
		same.Add(g.fieldEqual(field.Type, jen.Id("s").Dot(naming.Go(field.Name)), jen.Id("o").Dot(naming.Go(field.Name))))
	}
	f.comment("Equal reports whether s and o have the same values.")
	f.fn(jen.Func().Params(jen.Id("s").Id(name)).Id("Equal").Params(jen.Id("o").Id(name)).Bool().Block(jen.Return(same)))
}

func (g *module) fieldEqual(t ir.Type, a, b *jen.Statement) *jen.Statement {
	switch {
	case isPointer(t):
		return snip.Codec("Same").Call(a, b, g.equalFunc(required(t)))
	case isComparable(t):
		return a.Op("==").Add(b)
	case isCollection(t) || t.Kind == ir.JSON:
		return g.equalFunc(t).Call(a, b)
	}
	return a.Dot("Equal").Call(b)
}
