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

// eventVersions: the versions of an event count from 1.
//
//	good: JobStarted: {version: 2}
//	bad:  JobStarted: {version: 0}
func eventVersions(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		for _, e := range a.Events {
			if e.Version < 1 {
				diags.Errorf(e.Pos, "bad-version", "the versions of an event count from 1, so %d is none", e.Version)
			}
		}
	}
}

// callers: a command is for someone: roles, a reaction or a timer.
//
//	good: StartJob: {allow: [TenantMember], …}
//	bad:  StartJob: {…}                          # a warning, unless a reaction or timer runs it
func callers(p *ir.Platform, diags *diag.List) {
	internal := map[*ir.Command]bool{}
	for _, m := range p.Modules {
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
			if len(c.Allow) == 0 && !internal[c] {
				diags.Warnf(c.Pos, "uncalled-command", "nobody may run %s", c.Name).WithHint("add `allow: [<role>]`, or a reaction or timer that runs it")
			}
		}
	}
}
