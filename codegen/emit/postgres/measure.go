package postgres

import (
	"fmt"
	"strings"

	"github.com/oksai/oksai/codegen/emit/sqlexpr"
	"github.com/oksai/oksai/codegen/ir"
)

// dialect divides by zero as the rest of the platform does: the result is absent.
var dialect = sqlexpr.Dialect{
	Has: "%s IS NOT NULL", Cond: "CASE WHEN %s THEN %s ELSE %s END", In: "%s = ANY (%s)", Div: "%s / nullif(%s, 0)", List: "ARRAY[%s]",
	Column: Quote, Literal: literal,
}

func literal(e *ir.Expr) string {
	text, ok := e.Value.(string)
	switch {
	case e.Value == nil:
		return "NULL"
	case !ok:
		return fmt.Sprint(e.Value)
	}
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	switch e.Type.Kind {
	case ir.Timestamp, ir.Date, ir.UUID, ir.Ref:
		return quoted + "::" + ColumnType(e.Type)
	}
	return quoted
}

// Measure prints what an aggregate query computes, of the type that Go scans:
// counts and sums are never absent, the others are where there is no row.
func Measure(m *ir.Measure) (string, error) {
	of, filter := "*", ""
	if m.Of != nil {
		text, err := dialect.Print(m.Of)
		if err != nil {
			return "", err
		}
		of = text
	}
	if m.If != nil {
		text, err := dialect.Print(m.If)
		if err != nil {
			return "", err
		}
		filter = " FILTER (WHERE " + text + ")"
	}
	call := m.Fn + "(" + of + ")" + filter
	switch m.Fn {
	case "sum":
		call = "coalesce(" + call + ", 0)"
	case "avg":
		call = "round(" + call + ", " + fmt.Sprint(m.Type.Scale) + ")"
	}
	if m.Type.Kind == ir.Int || m.Type.Kind == ir.Duration {
		return "(" + call + ")::bigint", nil
	}
	return call, nil
}
