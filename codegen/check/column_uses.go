package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
)

// columnUses: only texts are searched, and only plain values sorted and grouped.
//
//	good: {search: [title]}
//	bad:  {search: [created_at]}
func columnUses(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		for _, name := range x.Search {
			if f := x.Column(name); f.Type.Kind != ir.String && f.Type.Kind != ir.Text && f.Type.Kind != ir.Email && f.Type.Kind != ir.URL {
				diags.Errorf(x.Pos, "bad-search", "%q is %s, which cannot be searched", name, expr.A(f.Type))
			}
		}
	}
	for _, q := range queries(p) {
		for _, s := range q.Sorts {
			if f := q.Projection.Column(s.Column); !plain(f.Type) {
				diags.Errorf(q.Pos, "bad-sort", "%q is %s, which has no order", s.Column, expr.A(f.Type))
			}
		}
		for _, g := range q.GroupBy {
			if f := q.Projection.Column(g); !plain(f.Type) {
				diags.Errorf(q.Pos, "bad-group", "%q is %s, which makes no groups", g, expr.A(f.Type))
			}
		}
		for _, f := range q.Filters {
			if slices.Contains(f.Ops, "search") && !slices.Contains(q.Projection.Search, f.Column.Name) {
				diags.Errorf(f.Pos, "bad-search", "%q is not among the columns that %s can search", f.Column.Name, q.Projection.Name).
					WithRelated(q.Projection.Pos, "declared here").WithHint("add `search: [%s]` to the projection", f.Column.Name)
			}
		}
	}
}
