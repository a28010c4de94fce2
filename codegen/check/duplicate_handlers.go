package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// duplicateHandlers: a projection says once what an event does to it.
//
//	good: on: {JobCreated: {set: {…}, add: {…}}}
//	bad:  on: {JobCreated: {set: {…}}, Job.JobCreated: {add: {…}}}
func duplicateHandlers(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		first := map[*ir.Event]*ir.Handler{}
		for _, h := range x.Handlers {
			if old := first[h.Event]; old != nil {
				diags.Errorf(h.Pos, "duplicate-handler", "%s says twice what %s does", x.Name, h.Event.Name).WithRelated(old.Pos, "first said here")
			}
			first[h.Event] = h
			stepOnce(x, h, diags)
		}
	}
}

func stepOnce(x *ir.Projection, h *ir.Handler, diags *diag.List) {
	seen := map[string]*ir.Step{}
	for _, s := range h.Steps {
		if old := seen[s.Column]; old != nil {
			diags.Errorf(s.Pos, "duplicate-step", "%s changes %q of %s twice", h.Event.Name, s.Column, x.Name).WithRelated(old.Pos, "first changed here")
		}
		seen[s.Column] = s
	}
}
