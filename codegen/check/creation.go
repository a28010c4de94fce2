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
			if c.UnchangedIf != nil {
				diags.Errorf(c.UnchangedIf.Pos, "conditional-creation", "%s creates a %s, so it cannot leave it unchanged", c.Name, a.Name).
					WithHint("remove `unchanged_if`; Idempotency-Key serves repeated requests")
			}
		}
		if !created {
			diags.Errorf(a.Pos, "no-creation", "nothing creates a %s", a.Name).WithHint("add `creates: true` to one of its commands")
		}
	}
}

// completeStates: after its first event, a state has a value for each field that is not optional.
//
//	good: JobCreated: {fields: {title: JobTitle}, sets: {status: pending}}
//	bad:  JobCreated: {fields: {title: JobTitle}}     # and state.status is required
func completeStates(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		for _, c := range a.Commands {
			if !c.Creates || len(c.Emits) == 0 || c.Emits[0].Event.Handwritten || c.Emits[0].When != nil {
				continue
			}
			set := map[string]bool{}
			for _, em := range c.Emits {
				for _, s := range em.Event.Sets {
					set[s.Field] = set[s.Field] || em.When == nil
				}
			}
			first := c.Emits[0].Event
			for _, f := range a.State {
				if !set[f.Name] && !f.Type.Optional && !startsEmpty(f.Type) {
					diags.Errorf(first.Pos, "unset-state-field", "after %s, %q of %s has no value", first.Name, f.Name, a.Name).
						WithRelated(f.Pos, "declared here").WithHint("add it to the event's fields or `sets`, or make it optional")
				}
			}
		}
	}
}

// startsEmpty reports whether nothing is a value of the type: collections begin empty.
func startsEmpty(t ir.Type) bool { return t.Kind == ir.List || t.Kind == ir.Set || t.Kind == ir.Map }
