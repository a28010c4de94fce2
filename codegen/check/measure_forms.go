package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// measureForms: measures are computed by ClickHouse, from comparisons and arithmetic.
//
//	good: {big: count if row.amount > 100}
//	bad:  {long: count if size(row.title) > 100}
func measureForms(p *ir.Platform, diags *diag.List) {
	for _, q := range queries(p) {
		for _, m := range q.Measures {
			noCalls(m.Of, diags)
			noCalls(m.If, diags)
		}
	}
}

func noCalls(e *ir.Expr, diags *diag.List) {
	if e == nil {
		return
	}
	if e.Op == ir.Call {
		diags.Errorf(e.Pos, "not-supported", "%s() in a measure is not supported by this version", e.Fn).
			WithHint("keep the value in a column, or use comparisons and arithmetic")
	}
	for _, a := range e.Args {
		noCalls(a, diags)
	}
}
