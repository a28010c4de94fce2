// Package tenant holds the tenant module's rules that its spec leaves to judgement.
package tenant

import (
	"time"

	"github.com/oksai/oksai/gen/tenant"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Rules implements tenant.Rules.
type Rules struct{}

var _ tenant.Rules = Rules{}

// ChangePlan upgrades at once and notes a downgrade for the end of the billing
// period. Asking for the plan that is or will be in force changes nothing.
func (Rules) ChangePlan(state *tenant.Tenant, command tenant.ChangePlan, _ time.Time) ([]event.Data, error) {
	if state.Status == tenant.TenantStatusSuspended {
		return nil, problem.Rule("TENANT_SUSPENDED", "a suspended tenant cannot change its plan; activate it first")
	}
	switch {
	case command.Plan == state.Plan, state.PendingPlan != nil && command.Plan == *state.PendingPlan:
		return nil, nil
	case command.Plan.Rank() > state.Plan.Rank():
		return []event.Data{&tenant.TenantPlanUpgraded{Plan: command.Plan}}, nil
	default:
		return []event.Data{&tenant.TenantPlanDowngradeRequested{PendingPlan: command.Plan}}, nil
	}
}
