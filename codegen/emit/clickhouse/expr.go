package clickhouse

import (
	"fmt"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

var operators = map[ir.Op]string{
	ir.Eq: "=", ir.Ne: "!=", ir.Lt: "<", ir.Le: "<=", ir.Gt: ">", ir.Ge: ">=",
	ir.And: "AND", ir.Or: "OR", ir.Add: "+", ir.Sub: "-", ir.Mul: "*", ir.Div: "/", ir.Mod: "%",
}

// Expression prints an expression over a row's columns as SQL.
func Expression(e *ir.Expr) (string, error) {
	switch e.Op {
	case ir.Literal:
		return literal(e), nil
	case ir.Variable:
		return ColumnName(e.Path[len(e.Path)-1]), nil
	case ir.Has:
		return printed("isNotNull(%s)", e.Args)
	case ir.Not:
		return printed("NOT (%s)", e.Args)
	case ir.Neg:
		return printed("-(%s)", e.Args)
	case ir.Cond:
		return printed("if(%s, %s, %s)", e.Args)
	case ir.In:
		return printed("has(%[2]s, %[1]s)", e.Args)
	case ir.ListOf:
		return printed("["+strings.TrimSuffix(strings.Repeat("%s, ", len(e.Args)), ", ")+"]", e.Args)
	}
	operator, ok := operators[e.Op]
	if !ok {
		return "", fmt.Errorf("%s: there is no SQL for %s%s; use comparisons and arithmetic here", e.Pos, e.Op, e.Fn)
	}
	return printed("%s "+strings.ReplaceAll(operator, "%", "%%")+" %s", e.Args)
}

func printed(format string, args []*ir.Expr) (string, error) {
	texts := make([]any, len(args))
	for i, arg := range args {
		text, err := Expression(arg)
		if err != nil {
			return "", err
		}
		if _, nested := operators[arg.Op]; nested && len(args) == 2 {
			text = "(" + text + ")"
		}
		texts[i] = text
	}
	return fmt.Sprintf(format, texts...), nil
}

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
