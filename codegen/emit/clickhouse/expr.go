package clickhouse

import (
	"fmt"
	"strings"

	"github.com/oksai/oksai/codegen/emit/sqlexpr"
	"github.com/oksai/oksai/codegen/ir"
)

var dialect = sqlexpr.Dialect{
	Has: "isNotNull(%s)", Cond: "if(%s, %s, %s)", In: "has(%[2]s, %[1]s)", Div: "%s / %s", List: "[%s]",
	Column: ColumnName, Literal: literal,
}

// Expression prints an expression over a row's columns as SQL.
func Expression(e *ir.Expr) (string, error) { return dialect.Print(e) }

func literal(e *ir.Expr) string {
	text, ok := e.Value.(string)
	switch {
	case e.Value == nil:
		return "NULL"
	case !ok:
		return fmt.Sprint(e.Value)
	case e.Type.Kind == ir.Timestamp:
		return "parseDateTime64BestEffort(" + quote(text) + ", 6, 'UTC')"
	case e.Type.Kind == ir.Date:
		return "toDate32(" + quote(text) + ")"
	case e.Type.Kind == ir.UUID || e.Type.Kind == ir.Ref:
		return "toUUID(" + quote(text) + ")"
	}
	return quote(text)
}

func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// Measure prints what an aggregate query computes, of the type that Go scans:
// counts and sums are never absent, the others are where there is no row.
func Measure(m *ir.Measure) (string, error) {
	var args []string
	suffix := ""
	for _, e := range []*ir.Expr{m.Of, m.If} {
		if e == nil {
			continue
		}
		text, err := Expression(e)
		if err != nil {
			return "", err
		}
		args = append(args, text)
	}
	if m.If != nil {
		suffix = "If"
	}
	if m.Fn != "count" && m.Fn != "sum" {
		suffix = "OrNull" + suffix
	}
	call := m.Fn + suffix + "(" + strings.Join(args, ", ") + ")"
	switch m.Fn {
	case "sum":
		call = "ifNull(" + call + ", 0)"
	case "avg":
		call = "round(" + call + ", " + fmt.Sprint(m.Type.Scale) + ")"
	}
	return cast(call, m.Type), nil
}

// cast gives a number the type that Go expects, whatever the function's own is.
func cast(call string, t ir.Type) string {
	switch t.Kind {
	case ir.Int, ir.Duration:
		return "toInt64(" + call + ")"
	case ir.Decimal:
		return fmt.Sprintf("toDecimal128(%s, %d)", call, t.Scale)
	}
	return call
}
