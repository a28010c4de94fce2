package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// callers: a command is for someone: roles, a reaction, a timer, or perhaps the
// operations of its module, whose bodies are not seen.
//
//	good: StartJob: {allow: [TenantMember], …}
//	bad:  StartJob: {…}                          # a warning, unless a reaction or timer runs it
func callers(p *ir.Platform, diags *diag.List) {
	internal := map[*ir.Command]bool{}
	operates := map[string]bool{}
	for _, m := range p.Modules {
		operates[m.Name] = len(m.Operations) > 0
		for _, r := range m.Reactions {
			internal[r.Command] = true
		}
	}
	for _, a := range aggregates(p) {
		for _, t := range a.Timers {
			internal[t.Command] = true
		}
	}
	for _, a := range aggregates(p) {
		for _, c := range a.Commands {
			if len(c.Allow) == 0 && !internal[c] && !operates[a.Module] {
				diags.Warnf(c.Pos, "uncalled-command", "nobody may run %s", c.Name).WithHint("add `allow: [<role>]`, or a reaction, a timer or an operation that runs it")
			}
		}
	}
}
