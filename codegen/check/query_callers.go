package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// queryCallers: someone may run a query.
//
//	good: GetJob: {get: Job, allow: [TenantMember]}
//	bad:  GetJob: {get: Job}
func queryCallers(p *ir.Platform, diags *diag.List) {
	for _, q := range queries(p) {
		if len(q.Allow) == 0 {
			diags.Errorf(q.Pos, "uncalled-query", "nobody may run %s", q.Name).WithHint("add `allow: [<role>]`")
		}
	}
}
