package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// pageSizes: a page has rows, and no more than the most that a caller may ask for; snapshots are some events apart.
//
//	good: page: {size: 50, max: 200}
//	bad:  page: {size: 50, max: 20}
func pageSizes(p *ir.Platform, diags *diag.List) {
	pageSize(p.Pos, p.Defaults.PageSize, p.Defaults.PageMax, diags)
	for _, q := range queries(p) {
		if q.Kind == ir.ListRows || q.Kind == ir.History {
			pageSize(q.Pos, q.PageSize, q.PageMax, diags)
		}
	}
	for _, a := range aggregates(p) {
		if a.SnapshotEvery < 1 {
			diags.Errorf(a.Pos, "bad-snapshot", "snapshots of %s are at least one event apart", a.Name)
		}
	}
}

func pageSize(pos diag.Pos, size, most int64, diags *diag.List) {
	if size < 1 || most < size || most > 1000 {
		diags.Errorf(pos, "bad-page", "a page of %d rows, at most %d, cannot be had", size, most).WithHint("1 ≤ size ≤ max ≤ 1000")
	}
}
