package check

import (
	"fmt"
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// appModules: an app has every module that its modules need at run time.
//
//	good: modules: [billing, tenant]
//	bad:  modules: [billing]          # billing's reactions run commands of tenant
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
			for _, u := range needsOf(m) {
				need(u.module, fmt.Sprintf("%s uses it", m.Name), u.pos)
			}
		}
	}
}
