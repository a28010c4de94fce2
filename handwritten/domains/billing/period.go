package billing

import (
	"time"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// EndPeriod ends the period whose time is over. A service that slept for months
// ends them one after the other: each next one's timer is due at once.
func (Rules) EndPeriod(state *billing.Subscription, _ billing.EndPeriod, now time.Time) ([]event.Data, error) {
	if state.Status == billing.SubscriptionStatusCancelled || now.Before(state.PeriodEnd) {
		return nil, nil
	}
	events := []event.Data{billing.BillingPeriodEnded{
		Period: state.Period, PeriodStart: state.PeriodStart, PeriodEnd: state.PeriodEnd, Plan: state.Plan, Usage: state.Usage,
	}}
	if state.Status == billing.SubscriptionStatusTrialing {
		events = append(events, billing.SubscriptionActivated{})
	}
	next := state.Period + 1
	return append(events, billing.BillingPeriodStarted{
		Period: next, PeriodStart: state.PeriodEnd, PeriodEnd: monthsAfter(state.FirstPeriodAt, int(next)),
	}), nil
}

// monthsAfter counts from the first period on, not from the last one: what
// begins on the 31st ends on the 28th of February and on the 31st of March.
func monthsAfter(first time.Time, n int) time.Time {
	month := time.Date(first.Year(), first.Month()+time.Month(n), 1, first.Hour(), first.Minute(), first.Second(), first.Nanosecond(), time.UTC)
	lastDay := month.AddDate(0, 1, -1).Day()
	return month.AddDate(0, 0, min(first.Day(), lastDay)-1)
}
