// Package sqlexpr prints expressions over a row's columns as SQL.
package sqlexpr

import (
	"fmt"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// Dialect is how a database writes what the others write differently. The
// formats take the printed arguments in the order of the expression.
type Dialect struct {
	Has  string // a value is there
	Cond string // condition, then, else
	In   string // item, list
	Div  string // dividend, divisor
	List string // the items, already joined by commas
	// Column and Literal print a column's name and a constant.
	Column  func(name string) string
	Literal func(e *ir.Expr) string
}

var operators = map[ir.Op]string{
	ir.Eq: "=", ir.Ne: "!=", ir.Lt: "<", ir.Le: "<=", ir.Gt: ">", ir.Ge: ">=",
	ir.And: "AND", ir.Or: "OR", ir.Add: "+", ir.Sub: "-", ir.Mul: "*", ir.Div: "/", ir.Mod: "%",
}

// Print returns the SQL of an expression; an error names what SQL has not.
func (d Dialect) Print(e *ir.Expr) (string, error) {
	switch e.Op {
	case ir.Literal:
		return d.Literal(e), nil
	case ir.Variable:
		return d.Column(e.Path[len(e.Path)-1]), nil
	case ir.Has:
		return d.printed(d.Has, e.Args)
	case ir.Not:
		return d.printed("NOT (%s)", e.Args)
	case ir.Neg:
		return d.printed("-(%s)", e.Args)
	case ir.Cond:
		return d.printed(d.Cond, e.Args)
	case ir.In:
		return d.printed(d.In, e.Args)
	case ir.Div:
		return d.printed(d.Div, e.Args)
	case ir.ListOf:
		return d.printed(fmt.Sprintf(d.List, strings.TrimSuffix(strings.Repeat("%s, ", len(e.Args)), ", ")), e.Args)
	}
	operator, ok := operators[e.Op]
	if !ok {
		return "", fmt.Errorf("%s: there is no SQL for %s%s; use comparisons and arithmetic here", e.Pos, e.Op, e.Fn)
	}
	return d.printed("%s "+strings.ReplaceAll(operator, "%", "%%")+" %s", e.Args)
}

func (d Dialect) printed(format string, args []*ir.Expr) (string, error) {
	texts := make([]any, len(args))
	for i, arg := range args {
		text, err := d.Print(arg)
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
