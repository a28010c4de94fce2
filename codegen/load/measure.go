package load

import (
	"regexp"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// measureForm is fn, fn(value), or either with `if condition` behind it.
var measureForm = regexp.MustCompile(`^(\w+)(?:\((.*?)\))?(?:\s+if\s+(.+))?$`)

// readMeasures reads measures such as `avg(row.duration_ms) if row.status == 'completed'`.
func (m *module) readMeasures(q *ir.Query, r *syntax.Reader) {
	scope := expr.NewScope(rowRoot(q.Projection))
	for _, e := range r.Entries("measures") {
		at := measureForm.FindStringSubmatchIndex(e.Value.Text)
		if at == nil {
			m.badMeasure(e.Value)
			continue
		}
		measure := &ir.Measure{Name: e.Key, Fn: e.Value.Text[at[2]:at[3]], Pos: e.Pos}
		if src, ok := part(e.Value, at, 3); ok {
			measure.If = expr.Condition(src, scope, &m.diags)
		}
		if src, ok := part(e.Value, at, 2); ok {
			measure.Of = expr.Infer(src, scope, &m.diags)
			if measure.Of == nil {
				continue
			}
		}
		if m.measureType(measure, e.Value) {
			q.Measures = append(q.Measures, measure)
		}
	}
}

// part is a submatch as an expression of its own.
func part(n *syntax.Node, at []int, group int) (expr.Source, bool) {
	from, to := at[2*group], at[2*group+1]
	if from < 0 {
		return expr.Source{}, false
	}
	pos := n.TextPos
	pos.Col += from
	return expr.Source{Text: n.Text[from:to], Pos: pos}, true
}

// measureType types a measure. A mean of whole numbers is one, rounded; over no
// rows sums are 0 and the others are absent.
func (m *module) measureType(measure *ir.Measure, n *syntax.Node) bool {
	if measure.Fn == "count" && measure.Of == nil {
		measure.Type = ir.Type{Kind: ir.Int}
		return true
	}
	if measure.Of == nil || measure.Fn == "count" {
		m.badMeasure(n)
		return false
	}
	fits := false
	switch measure.Fn {
	case "sum", "avg":
		fits = expr.Numeric(measure.Of.Type) && measure.Of.Type.Kind != ir.Money
	case "min", "max":
		fits = expr.Ordered(measure.Of.Type)
	default:
		m.badMeasure(n)
		return false
	}
	if !fits {
		m.errorf(n.Pos, "type-mismatch", "%s of %s has no meaning", measure.Fn, expr.A(measure.Of.Type))
		return false
	}
	measure.Type = ir.Type{Kind: measure.Of.Type.Kind, Optional: measure.Fn != "sum",
		Precision: measure.Of.Type.Precision, Scale: measure.Of.Type.Scale}
	return true
}

func (m *module) badMeasure(n *syntax.Node) *diag.Diagnostic {
	return m.errorf(n.Pos, "bad-measure", "%q is not a measure", n.Text).
		WithHint("write count, sum(x), avg(x), min(x) or max(x), with `if <condition>` behind it if need be")
}
