package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// inlineEvents: an inline projection follows the appends of its own module.
//
//	good: in tenant: {consistency: inline, on: {TenantCreated: …}}
//	bad:  in job:    {consistency: inline, on: {tenant.TenantCreated: …}}
func inlineEvents(p *ir.Platform, diags *diag.List) {
	for m, x := range projections(p) {
		for _, h := range x.Handlers {
			if x.Inline && h.Aggregate.Module != m.Name {
				diags.Errorf(h.Pos, "inline-foreign-event", "%s is inline, so it cannot follow events of %s", x.Name, h.Aggregate.Module).
					WithHint("remove `consistency: inline`, or move the projection to %s", h.Aggregate.Module)
			}
		}
	}
}
