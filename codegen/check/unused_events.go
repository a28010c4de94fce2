package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// unusedEvents: an event that no command emits is probably a mistake. Where
// a rule of the aggregate is handwritten nothing can be said.
//
//	good: commands: {StartJob: {emits: JobStarted}}, events: {JobStarted: {}}
//	bad:  commands: {},                              events: {JobStarted: {}}   # a warning
func unusedEvents(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		if slices.ContainsFunc(a.Commands, func(c *ir.Command) bool { return c.Handwritten }) {
			continue
		}
		for _, e := range a.Events {
			if !slices.ContainsFunc(a.Commands, func(c *ir.Command) bool { return emits(c, e) }) {
				diags.Warnf(e.Pos, "unused-event", "no command emits %s", e.Name)
			}
		}
	}
}

func emits(c *ir.Command, e *ir.Event) bool {
	return slices.ContainsFunc(c.Emits, func(em *ir.Emission) bool { return em.Event == e })
}
