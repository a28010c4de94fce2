package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// creation: an aggregate begins with a command that creates it, which always
// emits its first event and looks at no state, for there is none.
//
//	good: CreateJob: {creates: true, emits: JobCreated}
//	bad:  CreateJob: {creates: true, emits: [{JobCreated: {}, when: command.urgent}]}
func creation(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		created := false
		for _, c := range a.Commands {
			created = created || c.Creates
			if !c.Creates || c.Handwritten {
				continue
			}
			if len(c.Emits) > 0 && c.Emits[0].When != nil {
				diags.Errorf(c.Emits[0].Pos, "conditional-creation", "%s creates a %s, so its first event has no condition", c.Name, a.Name).
					WithHint("put an event without `when` first")
			}
			if c.UnchangedIf != nil && !c.IfAbsent {
				diags.Errorf(c.UnchangedIf.Pos, "conditional-creation", "%s creates a %s, so it cannot leave it unchanged", c.Name, a.Name).
					WithHint("remove `unchanged_if`, as Idempotency-Key serves repeated requests, or write `creates: if_absent`")
			}
		}
		if !created {
			diags.Errorf(a.Pos, "no-creation", "nothing creates a %s", a.Name).WithHint("add `creates: true` to one of its commands")
		}
	}
}
