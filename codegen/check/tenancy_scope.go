package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// tenancyScope: the aggregate that is a tenant carries its own id as its tenant.
//
//	good: aggregates: {Tenant: {scope: self, …}}
//	bad:  aggregates: {Tenant: {scope: platform, …}}
func tenancyScope(p *ir.Platform, diags *diag.List) {
	if p.Tenancy != nil && p.Tenancy.Aggregate.Scope != ir.ScopeSelf {
		a := p.Tenancy.Aggregate
		diags.Errorf(a.Pos, "bad-scope", "%s is the tenant, so its scope is `self`, not %q", a.Name, a.Scope).WithHint("write `scope: self`")
	}
	for _, a := range aggregates(p) {
		if a.Scope == ir.ScopeSelf && (p.Tenancy == nil || p.Tenancy.Aggregate != a) {
			diags.Errorf(a.Pos, "bad-scope", "only the tenant has the scope `self`, and %s is not the tenant", a.Name).
				WithHint("write `tenancy: {aggregate: %s.%s, active: …}` in platform.yaml, or another scope", a.Module, a.Name)
		}
	}
}
