package server

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// takenMap turns a map that a caller sent into the domain's. The API's maps have
// texts as keys.
//
//	codec.Keyed[shop.Size](in.Prices, priceValue)
func (e *emission) takenMap(t ir.Type, from *jen.Statement) *jen.Statement {
	if same(t) {
		return from
	}
	key := jen.String()
	if t.Key.Kind == ir.Enum {
		key = domain(t.Key.Def.Module, naming.Go(t.Key.Def.Name))
	}
	convert := jen.Id(structValue(e.elemName(t)))
	if t.Elem.Kind != ir.Struct {
		convert = jen.Func().Params(jen.Id("v").Add(e.apiType(*t.Elem))).Add(e.domainType(*t.Elem)).Block(jen.Return(e.toDomain(*t.Elem, jen.Id("v"), false)))
	}
	return codecPkg("Keyed").Types(key).Call(from, convert)
}

// shownMap is the reverse, for a state or a row.
func (e *emission) shownMap(s shown) *jen.Statement {
	if s.row || same(s.Type) {
		return s.source()
	}
	convert := jen.Id(structView(e.elemName(s.Type)))
	if s.Type.Elem.Kind != ir.Struct {
		elem := *s.Type.Elem
		convert = jen.Func().Params(jen.Id("v").Add(e.domainType(elem))).Add(e.apiType(elem)).Block(jen.Return(e.toAPI(elem, jen.Id("v"))))
	}
	return codecPkg("EachValue").Call(s.source(), convert)
}

func (e *emission) elemName(t ir.Type) string {
	if t.Elem.Kind != ir.Struct {
		return ""
	}
	return openapi.TypeName(e.Name, t.Elem.Def)
}

// apiType is the API's type of a value that is present and no collection or struct.
func (e *emission) apiType(t ir.Type) *jen.Statement {
	switch t.Kind {
	case ir.Enum:
		return e.api(e.typeName(t))
	case ir.Money:
		return e.api("Money")
	case ir.JSON:
		return jxRaw()
	}
	return e.rowGoType(t)
}

// domainType is the same in the domain.
func (e *emission) domainType(t ir.Type) *jen.Statement {
	switch t.Kind {
	case ir.Enum:
		return domain(t.Def.Module, naming.Go(t.Def.Name))
	case ir.Money:
		return jen.Qual(runtime+"/money", "Money")
	case ir.Duration:
		return jen.Qual("time", "Duration")
	case ir.JSON:
		return jen.Qual("encoding/json", "RawMessage")
	}
	return e.rowGoType(t)
}
