package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// queryStores: what is read across tenants may be, and what is aggregated is measured.
//
//	good: {list: tenants, scope: platform}      # tenants: {scope: platform, …}
//	bad:  {list: job_facts, scope: platform}
func queryStores(p *ir.Platform, diags *diag.List) {
	for _, q := range queries(p) {
		if x := q.Projection; x != nil && q.Platform && !x.Platform {
			diags.Errorf(q.Pos, "bad-scope", "%s reads across tenants, and %s does not allow it", q.Name, x.Name).
				WithRelated(x.Pos, "declared here").WithHint("add `scope: platform` to the projection")
		}
		if q.Kind == ir.Aggregated && len(q.Measures) == 0 {
			diags.Errorf(q.Pos, "bad-query", "%s measures nothing", q.Name).WithHint("add `measures: {total: count}`")
		}
	}
}
