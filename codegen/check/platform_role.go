package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// platformAdmin is the role of the platform's own people.
const platformAdmin = "PlatformAdmin"

// platformRole: what reads across tenants is for PlatformAdmin, which is then a role.
//
//	good: roles: [TenantOwner, PlatformAdmin]
//	bad:  roles: [TenantOwner]                  # and a query with scope: platform
func platformRole(p *ir.Platform, diags *diag.List) {
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
		if !seen[platformAdmin] {
			diags.Errorf(q.Pos, "unknown-role", "%s reads across tenants, which needs the role %s", q.Name, platformAdmin).WithHint("add %s to the roles in platform.yaml", platformAdmin)
		}
		if slices.ContainsFunc(q.Allow, func(r string) bool { return r != platformAdmin }) {
			diags.Errorf(q.Pos, "platform-query-role", "%s reads across tenants, so only %s may run it", q.Name, platformAdmin).
				WithHint("remove the other roles, or `scope: platform`")
		}
	}
}
