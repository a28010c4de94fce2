package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// limitScopes: limits count within a tenant, so they are for aggregates that live in one.
//
//	good: Job: {scope: tenant, limits: …}
//	bad:  Tenant: {scope: self, limits: …}
func limitScopes(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		for _, l := range a.Limits {
			if a.Scope != ir.ScopeTenant {
				diags.Errorf(l.Pos, "bad-limit", "limits count within a tenant, and %s does not live in one", a.Name).WithHint("remove the limit")
			}
		}
	}
}
