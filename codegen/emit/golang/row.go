package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// A projection's row holds what the databases give and take: enums are texts,
// durations whole milliseconds, and what the databases need not look into is
// JSON text. Everything else is as in the domain.

// rowType is the Go type of a column.
func (g *module) rowType(t ir.Type) *jen.Statement {
	if isPointer(t) {
		return jen.Op("*").Add(g.rowType(required(t)))
	}
	switch t.Kind {
	case ir.Enum, ir.Money, ir.Struct, ir.JSON:
		return jen.String()
	case ir.Duration:
		return jen.Int64()
	case ir.List, ir.Set:
		return jen.Index().Add(g.rowType(*t.Elem))
	case ir.Map:
		return jen.Map(g.rowType(*t.Key)).Add(g.rowType(*t.Elem))
	}
	return scalarType(t.Kind)
}

// isStoredAsIs tells whether a column holds the domain's own value.
func isStoredAsIs(t ir.Type) bool {
	switch t.Kind {
	case ir.Enum, ir.Money, ir.Struct, ir.JSON, ir.Duration, ir.Date:
		return false
	case ir.List, ir.Set:
		return isStoredAsIs(*t.Elem)
	case ir.Map:
		return isStoredAsIs(*t.Key) && isStoredAsIs(*t.Elem)
	}
	return true
}

// fromRow makes the domain's value of a row's, if e is a column.
func (x *exprs) fromRow(e *ir.Expr, code *jen.Statement) *jen.Statement {
	f := x.field(e)
	if f == nil || !x.roots[e.Path[0]].row {
		return code
	}
	switch f.Type.Kind {
	case ir.Enum:
		return x.g.goType(required(f.Type)).Call(code)
	case ir.Duration:
		return snip.Duration().Call(code).Op("*").Add(snip.Millisecond())
	case ir.List, ir.Set:
		if f.Type.Elem.Kind == ir.Enum {
			return snip.Codec("Texts").Types(x.g.goType(*f.Type.Elem)).Call(code)
		}
	case ir.Money, ir.Struct, ir.JSON:
		x.g.fail(e.Pos, "column %s holds a %s as JSON text: expressions cannot look into it", f.Name, f.Type.Kind)
	}
	return code
}

// toRow prints e as a value for a column of type t.
func (x *exprs) toRow(t ir.Type, e *ir.Expr) *jen.Statement {
	switch {
	case isNull(e):
		return jen.Nil()
	case isPointer(t) && x.isHeldByPointer(e) && isStoredAsIs(t):
		return x.reach(e)
	case isPointer(t) && x.isOwnColumn(e):
		return x.reach(e)
	case isPointer(t) && x.isHeldByPointer(e):
		return snip.Codec("Convert").Call(x.reach(e), x.g.storeFunc(required(t)))
	case isPointer(t) && isStoredAsIs(t):
		return jen.Id("new").Call(x.typed(e))
	case isPointer(t):
		return jen.Id("new").Call(x.stored(required(t), e))
	}
	return x.stored(t, e)
}

// isOwnColumn tells whether e is an optional column, copied to another.
func (x *exprs) isOwnColumn(e *ir.Expr) bool {
	f := x.field(e)
	return f != nil && isPointer(f.Type) && x.roots[e.Path[0]].row
}

// stored prints e in the form that a column has.
func (x *exprs) stored(t ir.Type, e *ir.Expr) *jen.Statement {
	if e.Op == ir.Literal && (t.Kind == ir.Enum || isText(t.Kind)) {
		return jen.Lit(e.Value)
	}
	if t.Kind == ir.Date && (e.Op == ir.Call && e.Fn == "date" || e.Op == ir.Literal) || isStoredAsIs(t) {
		return x.value(e)
	}
	return x.g.store(t, x.value(e), x.receiver(e))
}

// store converts a value of the domain; receiver is the same, ready to have a method called.
func (g *module) store(t ir.Type, value, receiver *jen.Statement) *jen.Statement {
	switch t.Kind {
	case ir.Enum, ir.JSON:
		return jen.String().Call(value)
	case ir.Duration:
		return receiver.Dot("Milliseconds").Call()
	case ir.Date:
		return snip.Codec("Day").Call(value)
	case ir.Money, ir.Struct:
		return jen.String().Call(snip.Codec("Append").Call(jen.Nil(), value))
	case ir.List, ir.Set:
		if t.Elem.Kind == ir.Enum {
			return snip.Codec("Strings").Call(value)
		}
		return snip.Codec("Each").Call(value, g.storeFunc(*t.Elem))
	case ir.Map:
		return snip.Codec("EachValue").Call(value, g.storeFunc(*t.Elem))
	}
	return value
}

// storeFunc is store as a function.
func (g *module) storeFunc(t ir.Type) *jen.Statement {
	return jen.Func().Params(jen.Id("v").Add(g.goType(t))).Add(g.rowType(t)).Block(
		jen.Return(g.store(t, jen.Id("v"), jen.Id("v"))))
}

// rowFields are the columns of a row, key first.
func rowFields(p *ir.Projection) []*ir.Field {
	return append(append([]*ir.Field{}, p.Key...), p.Columns...)
}

func rowRoot(variable string, p *ir.Projection) root {
	return root{code: func() *jen.Statement { return jen.Id(variable) }, fields: rowFields(p), row: true}
}

func (g *module) rowStruct(p *ir.Projection) []jen.Code {
	var code []jen.Code
	for _, f := range rowFields(p) {
		code = append(code, docLines(f.Doc)...)
		code = append(code, jen.Id(naming.Go(f.Name)).Add(g.rowType(f.Type)))
	}
	return code
}
