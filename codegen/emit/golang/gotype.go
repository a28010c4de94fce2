package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// goType is the Go type of a value. An absent optional is a nil pointer; of a
// list, set, map or JSON value it is the nil value itself.
func (g *module) goType(t ir.Type) *jen.Statement {
	if isPointer(t) {
		return jen.Op("*").Add(g.goType(required(t)))
	}
	if t.Secret {
		return snip.Secret()
	}
	switch t.Kind {
	case ir.List, ir.Set:
		return jen.Index().Add(g.goType(*t.Elem))
	case ir.Map:
		return jen.Map(g.goType(*t.Key)).Add(g.goType(*t.Elem))
	case ir.Enum, ir.Struct:
		return g.in(t.Def.Module, naming.Go(t.Def.Name))
	}
	return scalarType(t.Kind)
}

func scalarType(k ir.Kind) *jen.Statement {
	switch k {
	case ir.Bool:
		return jen.Bool()
	case ir.Int:
		return jen.Int64()
	case ir.Decimal:
		return snip.DecimalType()
	case ir.Money:
		return snip.Money()
	case ir.UUID, ir.Ref:
		return snip.UUID()
	case ir.Timestamp, ir.Date:
		return snip.Time()
	case ir.Duration:
		return snip.Duration()
	case ir.JSON:
		return snip.RawMessage()
	}
	return jen.String() // string, text, email, url
}

// isPointer tells whether values of the type are held by pointer.
func isPointer(t ir.Type) bool {
	return t.Optional && !isCollection(t) && t.Kind != ir.JSON
}

func isCollection(t ir.Type) bool {
	return t.Kind == ir.List || t.Kind == ir.Set || t.Kind == ir.Map
}

func isText(k ir.Kind) bool {
	return k == ir.String || k == ir.Text || k == ir.Email || k == ir.URL
}

func required(t ir.Type) ir.Type {
	t.Optional = false
	return t
}

// comparable tells whether == on two Go values of the type means that they are equal.
func isComparable(t ir.Type) bool {
	switch t.Kind {
	case ir.Timestamp, ir.Date, ir.Decimal, ir.JSON, ir.List, ir.Set, ir.Map:
		return false
	case ir.Struct:
		for _, f := range t.Def.Fields {
			if f.Type.Optional || !isComparable(f.Type) {
				return false
			}
		}
	}
	return true
}

// structFields are the fields of a Go struct with their docs.
func (g *module) structFields(fields []*ir.Field) []jen.Code {
	var code []jen.Code
	for _, f := range fields {
		code = append(code, docLines(f.Doc)...)
		code = append(code, jen.Id(naming.Go(f.Name)).Add(g.goType(f.Type)))
	}
	return code
}
