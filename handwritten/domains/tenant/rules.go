// Package tenant holds the rules of the tenant module that the spec leaves to people.
package tenant

import (
	"time"

	"github.com/oksai/oksai/gen/tenant"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Rules decides what the spec does not.
type Rules struct{}

var _ tenant.Rules = Rules{}

// ChangePlan upgrades at once. A downgrade is only noted: the tenant has paid for
// its plan until the billing period ends, and keeps it so long. A later request
// replaces what was noted, and an upgrade drops it.
func (Rules) ChangePlan(state *tenant.Tenant, cmd tenant.ChangePlan, _ time.Time) ([]event.Data, error) {
	switch {
	case state.Status == tenant.TenantStatusSuspended:
		return nil, problem.Rule("TENANT_SUSPENDED", "a suspended tenant cannot change its plan")
	case state.Status != tenant.TenantStatusActive:
		return nil, problem.Rule("TENANT_DELETED", "the tenant is deleted")
	case cmd.Plan == state.Plan, isPending(state, cmd.Plan):
		return nil, nil
	case cmd.Plan.Rank() > state.Plan.Rank():
		return []event.Data{tenant.TenantPlanUpgraded(cmd)}, nil
	}
	return []event.Data{tenant.TenantPlanDowngradeRequested{PendingPlan: cmd.Plan}}, nil
}

func isPending(state *tenant.Tenant, plan tenant.Plan) bool {
	return state.PendingPlan != nil && *state.PendingPlan == plan
}
