package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
)

// projectionKeys: a row is found by plain values that are always there, and sorted so that no two rows are equal.
//
//	good: {key: [job_id], order_by: [created_at, job_id]}
//	bad:  {key: [job_id], order_by: [created_at]}
func projectionKeys(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		if x.EventLog {
			continue
		}
		if len(x.Key) == 0 {
			diags.Errorf(x.Pos, "bad-key", "%s has no key", x.Name).WithHint("add `key: [<column>]`")
		}
		for _, k := range x.Key {
			if k.Type.Optional || !plain(k.Type) {
				diags.Errorf(k.Pos, "bad-key", "%q is %s, which cannot be a key", k.Name, expr.A(k.Type)).
					WithHint("a key is a required text, number, id, date, time, enum or bool")
			}
			if !slices.Contains(x.OrderBy, k.Name) {
				diags.Errorf(x.Pos, "order-lacks-key", "%s is ordered by columns that do not tell its rows apart", x.Name).
					WithHint("add %s at the end of `order_by`", k.Name)
			}
		}
	}
}

// plain reports whether values of the type can be compared and put into a path.
func plain(t ir.Type) bool {
	switch t.Kind {
	case ir.Struct, ir.List, ir.Set, ir.Map, ir.JSON, ir.Money, ir.Text:
		return false
	}
	return true
}
