package check

import (
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
