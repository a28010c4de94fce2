package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// eventVersions: the versions of an event, and of a projection, count from 1.
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
	for _, x := range projections(p) {
		if x.Version < 1 {
			diags.Errorf(x.Pos, "bad-version", "the versions of a projection count from 1, so %d is none", x.Version)
		}
	}
}
