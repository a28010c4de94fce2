package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// completeRows: the event that creates an aggregate gives its row all that has no natural beginning.
//
//	good: JobCreated: {set: {title: =event.title, status: pending}}
//	bad:  JobCreated: {set: {title: =event.title}}                   # and status is a required enum
func completeRows(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		for i, h := range x.Handlers {
			again := slices.ContainsFunc(x.Handlers[:i], func(o *ir.Handler) bool { return o.Event == h.Event })
			if again || !creates(h.Aggregate, h.Event) || h.When != nil || h.Handwritten {
				continue
			}
			for _, c := range x.Columns {
				stepped := slices.ContainsFunc(h.Steps, func(s *ir.Step) bool { return s.Column == c.Name })
				if !stepped && !c.Type.Optional && !beginsAtZero(c.Type) {
					diags.Errorf(h.Pos, "unset-column", "after %s, %q of %s has no value", h.Event.Name, c.Name, x.Name).
						WithRelated(c.Pos, "declared here").WithHint("set it, or make it optional")
				}
			}
		}
	}
}

func creates(a *ir.Aggregate, e *ir.Event) bool {
	return slices.ContainsFunc(a.Commands, func(c *ir.Command) bool { return c.Creates && len(c.Emits) > 0 && c.Emits[0].Event == e })
}

func beginsAtZero(t ir.Type) bool {
	switch t.Kind {
	case ir.Int, ir.Decimal, ir.Duration, ir.Bool, ir.List, ir.Set, ir.Map:
		return true
	}
	return false
}
