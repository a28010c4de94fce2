package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// timerCommands: a timer runs a command on the aggregate that set it, so not one that
// creates another. The loader refuses an input that is both found out by hand and said.
//
//	good: timers: {stale: {at: …, do: CancelJob}}
//	bad:  timers: {stale: {at: …, do: CreateJob}}
func timerCommands(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		for _, t := range a.Timers {
			if t.Command != nil && t.Command.Creates {
				diags.Errorf(t.Pos, "bad-timer", "%s creates a %s; a timer acts on the one that set it", t.Command.Name, a.Name)
			}
		}
	}
}
