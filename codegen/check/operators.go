package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// operators: an app for operators admits only PlatformAdmin, so there must be such a role.
//
//	good: {apps: {admin: {audience: operators, …}}, roles: [TenantOwner, PlatformAdmin]}
//	bad:  {apps: {admin: {audience: operators, …}}, roles: [TenantOwner]}
func operators(p *ir.Platform, diags *diag.List) {
	for _, a := range p.Apps {
		if a.Operators && !slices.Contains(p.Roles, platformAdmin) {
			diags.Errorf(a.Pos, "unknown-role", "%s is for operators, who have the role %s", a.Name, platformAdmin).
				WithHint("add %s to the roles in platform.yaml", platformAdmin)
		}
	}
}
