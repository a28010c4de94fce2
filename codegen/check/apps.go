package check

import (
	"fmt"
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// appPorts: apps can run side by side, and each has something to do.
//
//	good: {demo-api: {port: 3000, modules: [job]}, admin: {port: 3001, modules: [job]}}
//	bad:  {demo-api: {port: 3000, modules: [job]}, admin: {port: 3000, modules: []}}
func appPorts(p *ir.Platform, diags *diag.List) {
	taken := map[int]*ir.App{}
	for _, a := range p.Apps {
		if a.Port < 1 || a.Port > 65535 {
			diags.Errorf(a.Pos, "bad-port", "%s has no port from 1 to 65535", a.Name).WithHint("add `port: 3000`")
		} else if other := taken[a.Port]; other != nil {
			diags.Errorf(a.Pos, "bad-port", "%s has the port of %s", a.Name, other.Name).WithRelated(other.Pos, "declared here")
		}
		taken[a.Port] = a
		if len(a.Modules) == 0 {
			diags.Errorf(a.Pos, "empty-app", "%s has no modules", a.Name).WithHint("add `modules: [%s]`", firstModule(p))
		}
		for i, m := range a.Modules {
			if slices.Contains(a.Modules[:i], m) {
				diags.Errorf(a.Pos, "duplicate-name", "%s has the module %s twice", a.Name, m.Name)
			}
		}
	}
}

func firstModule(p *ir.Platform) string {
	if len(p.Modules) == 0 {
		return "job"
	}
	return p.Modules[0].Name
}

// appModules: an app has every module that its modules need at run time.
//
//	good: modules: [job, tenant]
//	bad:  modules: [job]           # job's limits need facts of tenant
func appModules(p *ir.Platform, diags *diag.List) {
	for _, app := range p.Apps {
		need := func(module, why string, pos diag.Pos) {
			if slices.ContainsFunc(app.Modules, func(m *ir.Module) bool { return m.Name == module }) {
				return
			}
			diags.Errorf(app.Pos, "app-lacks-module", "%s needs the module %s: %s", app.Name, module, why).
				WithRelated(pos, "used here").WithHint("add %s to its modules", module)
		}
		if p.Tenancy != nil {
			need(p.Tenancy.Aggregate.Module, "it knows which tenants may act", p.Pos)
		}
		for _, m := range app.Modules {
			for _, u := range usesOf(m) {
				need(u.module, fmt.Sprintf("%s uses it", m.Name), u.pos)
			}
		}
	}
}

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

// platformRole: what reads across tenants is for PlatformAdmin, which is then a role.
//
//	good: roles: [TenantOwner, PlatformAdmin]
//	bad:  roles: [TenantOwner]                  # and a query with scope: platform
func platformRole(p *ir.Platform, diags *diag.List) {
	const admin = "PlatformAdmin"
	seen := map[string]bool{}
	for _, r := range p.Roles {
		if seen[r] {
			diags.Errorf(p.Pos, "duplicate-name", "the role %s is declared twice", r)
		}
		seen[r] = true
		if !pascalForm.MatchString(r) {
			diags.Errorf(p.Pos, "bad-name", "%q is not the name of a role", r).WithHint("write it as TenantOwner is written")
		}
	}
	for _, q := range queries(p) {
		if !q.Platform {
			continue
		}
		if !seen[admin] {
			diags.Errorf(q.Pos, "unknown-role", "%s reads across tenants, which needs the role %s", q.Name, admin).WithHint("add %s to the roles in platform.yaml", admin)
		}
		if slices.ContainsFunc(q.Allow, func(r string) bool { return r != admin }) {
			diags.Errorf(q.Pos, "platform-query-role", "%s reads across tenants, so only %s may run it", q.Name, admin).
				WithHint("remove the other roles, or `scope: platform`")
		}
	}
}
