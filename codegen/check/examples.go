package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// examples: an example is possible: a created aggregate has a past, a new one
// has none, and the command can end with that error.
//
//	good: {given: [JobCreated], when: StartJob, then: [JobStarted]}
//	bad:  {given: [], when: StartJob, error: JOB_FUNNY}
func examples(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		for _, x := range a.Examples {
			if x.Command == nil {
				continue
			}
			if x.Command.Creates != (len(x.Given) == 0) && !x.Command.IfAbsent {
				pastOf(x, diags)
			}
			if x.Error != "" && !x.Command.Handwritten && !slices.Contains(errorCodes(a, x.Command), x.Error) {
				diags.Errorf(x.Pos, "unknown-error", "%s never ends with %s", x.Command.Name, x.Error).Suggest(x.Error, errorCodes(a, x.Command))
			}
			for _, e := range x.Then {
				if !x.Command.Handwritten && !emits(x.Command, e.Event) {
					diags.Errorf(x.Pos, "bad-example", "%s never emits %s", x.Command.Name, e.Event.Name)
				}
			}
		}
	}
}

func pastOf(x *ir.Example, diags *diag.List) {
	if x.Command.Creates {
		diags.Errorf(x.Pos, "bad-example", "%s creates, so nothing is given before it", x.Command.Name).WithHint("write given: []")
		return
	}
	diags.Errorf(x.Pos, "bad-example", "%s needs something that exists", x.Command.Name).WithHint("begin `given` with the event that creates it")
}

// errorCodes lists what a declared command can end with.
func errorCodes(a *ir.Aggregate, c *ir.Command) []string {
	var codes []string
	for _, r := range append(slices.Clone(c.Require), a.Invariants...) {
		codes = append(codes, r.Code)
	}
	for _, l := range a.Limits {
		codes = append(codes, l.Code)
	}
	return codes
}
