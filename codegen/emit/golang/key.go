package golang

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

func keyName(p *ir.Projection) string { return naming.Go(p.Name) + "Key" }

// hasKeyStruct tells whether a row is identified by more than one plain value.
// A time gets a struct too, which says what it is the time of.
func (g *module) hasKeyStruct(p *ir.Projection) bool {
	return len(p.Key) != 1 || isInstant(p.Key[0].Type)
}

func (g *module) keyType(p *ir.Projection) *jen.Statement {
	if g.hasKeyStruct(p) {
		return jen.Id(keyName(p))
	}
	return g.rowType(p.Key[0].Type)
}

func (g *module) keyStruct(p *ir.Projection) []jen.Code {
	var code []jen.Code
	for _, k := range p.Key {
		code = append(code, jen.Id(naming.Go(k.Name)).Add(g.rowType(k.Type)))
	}
	return code
}

// keyColumns are the columns of a key that is held in a variable.
func (g *module) keyColumns(p *ir.Projection, variable string) []jen.Code {
	if !g.hasKeyStruct(p) {
		return []jen.Code{jen.Id(variable)}
	}
	var values []jen.Code
	for _, k := range p.Key {
		values = append(values, jen.Id(variable).Dot(naming.Go(k.Name)))
	}
	return values
}

// keyInto are the fields of a row that has nothing but its key.
func (g *module) keyInto(p *ir.Projection) []jen.Code {
	var fields []jen.Code
	for i, value := range g.keyColumns(p, "key") {
		fields = append(fields, pair(naming.Go(p.Key[i].Name), value))
	}
	return fields
}

// keyOf reads the key back from a row. Keys are compared with ==, so times are
// brought into one form.
func (g *module) keyOf(p *ir.Projection) *jen.Statement {
	var values []jen.Code
	for _, k := range p.Key {
		values = append(values, comparableTime(k.Type, jen.Id("r").Dot(naming.Go(k.Name))))
	}
	return jen.Func().Params(jen.Id("r").Op("*").Id(rowName(p))).Add(g.keyType(p)).Block(jen.Return(g.keyLiteral(p, values)))
}

func comparableTime(t ir.Type, value *jen.Statement) *jen.Statement {
	switch t.Kind {
	case ir.Date:
		return snip.Projection("Day").Call(value)
	case ir.Timestamp:
		return snip.Projection("Micro").Call(value)
	}
	return value
}

func (g *module) keyLiteral(p *ir.Projection, values []jen.Code) *jen.Statement {
	if !g.hasKeyStruct(p) {
		return jen.Add(values[0])
	}
	var fields []jen.Code
	for i, k := range p.Key {
		fields = append(fields, pair(naming.Go(k.Name), values[i]))
	}
	return jen.Id(keyName(p)).Values(fields...)
}

// keyFunc says which row an event is about:
//
//	func(e *event.Recorded, _ event.Data) (uuid.UUID, bool) { return e.Stream.ID, true }
//
// or, where that depends on the event, with a case for each.
func (g *module) keyFunc(p *ir.Projection) *jen.Statement {
	keys, usesData := g.handlerKeys(p)
	result := func(key *jen.Statement) jen.Code { return jen.Return(key, jen.True()) }
	var body []jen.Code
	same := true
	for _, k := range keys {
		same = same && fmt.Sprintf("%#v", k) == fmt.Sprintf("%#v", keys[0])
	}
	switch {
	case same && !usesData && len(keys) > 0:
		body = []jen.Code{result(keys[0])}
	default:
		var cases []jen.Code
		for i, h := range p.Handlers {
			cases = append(cases, jen.Case(g.in(h.Aggregate.Module, naming.Go(h.Event.Name))).Block(result(keys[i])))
		}
		body = []jen.Code{typeSwitch(usesData).Block(cases...), jen.Var().Id("none").Add(g.keyType(p)), jen.Return(jen.Id("none"), jen.False())}
	}
	e, data := ifUsed("e", usesRecordedKey(p)), ifUsed("data", !same || usesData)
	return jen.Func().Params(jen.Id(e).Op("*").Add(snip.Recorded()), jen.Id(data).Add(snip.EventData())).
		Params(g.keyType(p), jen.Bool()).Block(body...)
}

// handlerKeys are the keys of the handlers, in their order, and whether any depends on an event's fields.
func (g *module) handlerKeys(p *ir.Projection) (keys []*jen.Statement, usesData bool) {
	for _, h := range p.Handlers {
		x := g.exprs(handlerRoots(p, h))
		var values []jen.Code
		for i, a := range h.Key {
			value := x.stored(p.Key[i].Type, a.Value)
			if p.Key[i].Type.Kind == ir.Timestamp {
				value = comparableTime(p.Key[i].Type, value)
			}
			values = append(values, value)
			walkExpr(a.Value, func(e *ir.Expr) {
				usesData = usesData || e.Op == ir.Variable && !isBuiltIn(e)
			})
		}
		keys = append(keys, g.keyLiteral(p, values))
	}
	return keys, usesData
}

func usesRecordedKey(p *ir.Projection) bool {
	found := false
	for _, h := range p.Handlers {
		for _, a := range h.Key {
			walkExpr(a.Value, func(e *ir.Expr) { found = found || e.Op == ir.Variable && isBuiltIn(e) })
		}
	}
	return found
}
