package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

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
