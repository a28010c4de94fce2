package golang

import (
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// literal prints a constant of the spec.
func (g *module) literal(e *ir.Expr) *jen.Statement {
	text, _ := e.Value.(string)
	switch e.Type.Kind {
	case ir.Enum:
		return g.enumConst(e.Type.Def, text)
	case ir.Timestamp:
		return g.timeLiteral(e, time.RFC3339Nano, text)
	case ir.Date:
		return g.timeLiteral(e, time.DateOnly, text)
	case ir.Duration:
		return g.durationLiteral(e, text)
	case ir.UUID, ir.Ref:
		return snip.MustParse().Call(jen.Lit(text))
	case ir.Int:
		return g.intLiteral(e)
	case ir.Decimal:
		return snip.RequireFrom().Call(jen.Lit(text))
	case ir.List, ir.Set, ir.Map:
		return g.goType(required(e.Type)).Values()
	}
	if e.Value == nil {
		return jen.Nil()
	}
	return jen.Lit(e.Value)
}

func (g *module) enumConst(def *ir.TypeDef, value string) *jen.Statement {
	return g.in(def.Module, constName(def, value))
}

func constName(def *ir.TypeDef, value string) string { return naming.Go(def.Name) + naming.Go(value) }

func (g *module) intLiteral(e *ir.Expr) *jen.Statement {
	switch n := e.Value.(type) {
	case int64:
		return jen.Lit(int(n))
	case int:
		return jen.Lit(n)
	}
	g.fail(e.Pos, "%v is not a whole number", e.Value)
	return jen.Lit(0)
}

// timeLiteral prints time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC).
func (g *module) timeLiteral(e *ir.Expr, form, text string) *jen.Statement {
	t, err := time.Parse(form, text)
	if err != nil {
		g.fail(e.Pos, "%q is not a time of the form %s", text, form)
	}
	t = t.UTC()
	return snip.Date().Call(jen.Lit(t.Year()), jen.Lit(int(t.Month())), jen.Lit(t.Day()),
		jen.Lit(t.Hour()), jen.Lit(t.Minute()), jen.Lit(t.Second()), jen.Lit(t.Nanosecond()), snip.UTC())
}

var durationUnits = []struct {
	size time.Duration
	name func() *jen.Statement
}{
	{time.Hour, snip.Hour}, {time.Minute, snip.Minute}, {time.Second, snip.Second},
	{time.Millisecond, snip.Millisecond}, {time.Microsecond, snip.Microsecond},
}

// durationLiteral prints 720 * time.Hour: the largest unit that divides the duration.
func (g *module) durationLiteral(e *ir.Expr, text string) *jen.Statement {
	d, err := time.ParseDuration(text)
	if err != nil {
		g.fail(e.Pos, "%q is not a duration", text)
	}
	for _, unit := range durationUnits {
		if d%unit.size == 0 && d != 0 {
			return jen.Lit(int(d / unit.size)).Op("*").Add(unit.name())
		}
	}
	return snip.Duration().Call(jen.Lit(int(d)))
}
