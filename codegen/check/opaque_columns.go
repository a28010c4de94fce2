package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
)

// opaqueColumns: a column of money, json or a struct is stored as one text, so
// expressions over the row cannot look into it.
//
//	good: add: {total: =event.price_cents}
//	bad:  set: {total: =row.price + event.price}      # price: money
func opaqueColumns(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		for _, h := range x.Handlers {
			noOpaque(x, h.When, diags)
			for _, s := range h.Steps {
				noOpaque(x, s.Value, diags)
			}
		}
	}
	for _, q := range queries(p) {
		for _, m := range q.Measures {
			noOpaque(q.Projection, m.Of, diags)
			noOpaque(q.Projection, m.If, diags)
		}
		for _, d := range q.Derive {
			noOpaque(q.Projection, d.Value, diags)
		}
	}
}

func noOpaque(x *ir.Projection, e *ir.Expr, diags *diag.List) {
	if e == nil {
		return
	}
	if e.Op == ir.Variable && e.Path[0] == "row" {
		f := x.Column(e.Path[1])
		if f.Type.Kind == ir.Money || f.Type.Kind == ir.JSON || f.Type.Kind == ir.Struct {
			diags.Errorf(e.Pos, "opaque-column", "%q is %s, which a row keeps as one text: expressions cannot look into it", f.Name, expr.A(f.Type)).
				WithRelated(f.Pos, "declared here").WithHint("add a column for the part that matters")
		}
	}
	for _, a := range e.Args {
		noOpaque(x, a, diags)
	}
}
