package billing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/billing"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/command/giventest"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

type past = []event.Data

// decides makes a decision of what a command's Decide returns.
func decides[S any](decide func(*S, time.Time) ([]event.Data, error)) func(*S, time.Time) (command.Decision[S], error) {
	return func(state *S, now time.Time) (command.Decision[S], error) {
		events, err := decide(state, now)
		return command.Decision[S]{Events: events}, err
	}
}

var (
	begin     = time.Date(2025, 1, 17, 9, 30, 0, 0, time.UTC)
	trialEnd  = begin.AddDate(0, 0, 14) // 31 January
	february  = time.Date(2025, 2, 28, 9, 30, 0, 0, time.UTC)
	march     = time.Date(2025, 3, 31, 9, 30, 0, 0, time.UTC)
	first     = uuid.MustParse("00000000-0000-0000-0000-000000000001")
	second    = uuid.MustParse("00000000-0000-0000-0000-000000000002")
	started   = billing.SubscriptionStarted{Plan: tenant.PlanFree, PeriodStart: begin, PeriodEnd: trialEnd, FirstPeriodAt: trialEnd}
	toPro     = billing.SubscriptionPlanChanged{Plan: tenant.PlanPro}
	activated = billing.SubscriptionActivated{}
	month1    = billing.BillingPeriodStarted{Period: 1, PeriodStart: trialEnd, PeriodEnd: february}
	month2    = billing.BillingPeriodStarted{Period: 2, PeriodStart: february, PeriodEnd: march}
	cancelled = billing.SubscriptionCancelled{}
	active    = past{started, toPro, activated, month1}
)

type subscriptionDecision = func(*billing.Subscription, time.Time) ([]event.Data, error)

func start(plan tenant.Plan) subscriptionDecision {
	return func(state *billing.Subscription, now time.Time) ([]event.Data, error) {
		return billing.StartSubscription{}.Decide(state, billing.StartSubscriptionFacts{Plan: plan}, now)
	}
}

func followPlan(plan tenant.Plan) subscriptionDecision {
	return func(state *billing.Subscription, now time.Time) ([]event.Data, error) {
		return billing.FollowPlan{}.Decide(state, billing.FollowPlanFacts{Plan: plan}, now)
	}
}

func endPeriod(state *billing.Subscription, now time.Time) ([]event.Data, error) {
	return billing.EndPeriod{}.Decide(rules.Rules{}, state, now)
}

func meter(metric billing.Metric, day time.Time, quantity int64) subscriptionDecision {
	return func(state *billing.Subscription, now time.Time) ([]event.Data, error) {
		return billing.MeterUsage{Metric: metric, Day: day, Quantity: quantity}.Decide(rules.Rules{}, state, now)
	}
}

func follow(invoice uuid.UUID, status billing.InvoiceStatus) subscriptionDecision {
	return func(state *billing.Subscription, now time.Time) ([]event.Data, error) {
		return billing.FollowInvoice{Invoice: invoice}.Decide(rules.Rules{}, state, billing.FollowInvoiceFacts{Status: status}, now)
	}
}

func stands(status billing.SubscriptionStatus, unpaid bool, overdue, givenUp []uuid.UUID) billing.SubscriptionStandingChanged {
	return billing.SubscriptionStandingChanged{Status: status, Unpaid: unpaid, Overdue: overdue, GivenUp: givenUp}
}

func ids(ids ...uuid.UUID) []uuid.UUID { return ids }

func day(month time.Month, d int) time.Time { return time.Date(2025, month, d, 0, 0, 0, 0, time.UTC) }

func TestSubscriptionRules(t *testing.T) {
	t.Parallel()
	jobs := billing.UsageMetered{Metric: billing.MetricJobs, Day: day(2, 3), Quantity: 7}
	late := stands(billing.SubscriptionStatusPastDue, false, ids(first), nil)
	unpaid := stands(billing.SubscriptionStatusPastDue, true, ids(first), ids(first))
	for _, c := range []struct {
		name    string
		given   past
		at      time.Time
		when    subscriptionDecision
		then    past
		refused string
	}{
		{name: "a subscription starts with a trial", at: begin, when: start(tenant.PlanFree), then: past{started}},
		{name: "it follows the tenant's plan", given: past{started}, when: followPlan(tenant.PlanPro), then: past{toPro}},
		{name: "an event that was overtaken does not take it back", given: active, when: followPlan(tenant.PlanPro)},
		{name: "it is cancelled", given: active, when: billing.CancelSubscription{}.Decide, then: past{cancelled}},

		{name: "the trial does not end early", given: past{started}, at: trialEnd.Add(-time.Microsecond), when: endPeriod},
		{name: "after the trial it is active, and a month begins", given: past{started}, at: trialEnd, when: endPeriod,
			then: past{billing.BillingPeriodEnded{PeriodStart: begin, PeriodEnd: trialEnd, Plan: tenant.PlanFree}, activated, month1}},
		{name: "a month that begins on the 31st ends on the last of February, the next one on the 31st", given: active, at: february, when: endPeriod,
			then: past{billing.BillingPeriodEnded{Period: 1, PeriodStart: trialEnd, PeriodEnd: february, Plan: tenant.PlanPro}, month2}},
		{name: "a period that ends takes its usage along", given: append(active, jobs), at: february, when: endPeriod,
			then: past{billing.BillingPeriodEnded{Period: 1, PeriodStart: trialEnd, PeriodEnd: february, Plan: tenant.PlanPro, Usage: []billing.DailyUsage{billing.DailyUsage(jobs)}}, month2}},
		{name: "a cancelled subscription has no more periods", given: append(active, cancelled), at: march, when: endPeriod},

		{name: "usage of a day that is over counts", given: active, at: day(2, 4), when: meter(billing.MetricJobs, day(2, 3), 7), then: past{jobs}},
		{name: "usage of a day is corrected", given: append(active, jobs), at: day(2, 4), when: meter(billing.MetricJobs, day(2, 3), 8),
			then: past{billing.UsageMetered{Metric: billing.MetricJobs, Day: day(2, 3), Quantity: 8}}},
		{name: "a day that goes on is not measured", given: active, at: day(2, 4).Add(-time.Microsecond), when: meter(billing.MetricJobs, day(2, 3), 7), refused: "DAY_NOT_OVER"},
		{name: "the day on which a period begins is its own", given: append(active, month2), at: day(3, 1), when: meter(billing.MetricJobs, day(2, 28), 7),
			then: past{billing.UsageMetered{Metric: billing.MetricJobs, Day: day(2, 28), Quantity: 7}}},
		{name: "what is invoiced does not change", given: append(active, month2), at: day(3, 1), when: meter(billing.MetricJobs, day(2, 27), 7), refused: "PERIOD_OVER"},
		{name: "a cancelled subscription has no usage", given: append(active, cancelled), at: day(2, 4), when: meter(billing.MetricJobs, day(2, 3), 7), refused: "SUBSCRIPTION_CANCELLED"},

		{name: "an invoice that is late makes it past due", given: active, when: follow(first, billing.InvoiceStatusOverdue), then: past{late}},
		{name: "one that is too late makes the tenant one that does not pay", given: append(active, late), when: follow(first, billing.InvoiceStatusUncollected), then: past{unpaid}},
		{name: "an event that was overtaken is no loss", given: active, when: follow(first, billing.InvoiceStatusUncollected), then: past{unpaid}},
		{name: "when all is paid it is active", given: append(active, unpaid), when: follow(first, billing.InvoiceStatusPaid),
			then: past{stands(billing.SubscriptionStatusActive, false, nil, nil)}},
		{name: "while another one is late it stays past due", given: append(active, stands(billing.SubscriptionStatusPastDue, true, ids(first, second), ids(first))), when: follow(first, billing.InvoiceStatusPaid),
			then: past{stands(billing.SubscriptionStatusPastDue, false, ids(second), nil)}},
		{name: "an invoice that was never late changes nothing", given: active, when: follow(first, billing.InvoiceStatusPaid)},
		{name: "a cancelled subscription stays cancelled", given: append(active, unpaid, cancelled), when: follow(first, billing.InvoiceStatusPaid),
			then: past{stands(billing.SubscriptionStatusCancelled, false, nil, nil)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result := giventest.Given(subscriptions, c.given...).At(c.at).When(decides(c.when))
			if c.refused != "" {
				result.Refused(t, c.refused)
				return
			}
			result.Then(t, c.then...)
		})
	}
}

var subscriptions = billing.SubscriptionAggregate(rules.Rules{})

func TestTheSameSubscriptionCommandAgainWritesNothing(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]subscriptionDecision{
		"follow the plan":    followPlan(tenant.PlanEnterprise),
		"measure":            meter(billing.MetricUsers, day(2, 3), 7),
		"end the period":     endPeriod,
		"follow an invoice":  follow(first, billing.InvoiceStatusUncollected),
		"follow another one": follow(second, billing.InvoiceStatusOverdue),
		"cancel":             billing.CancelSubscription{}.Decide,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			writesOnce(t, subscriptions, active, february, decide)
		})
	}
}

// writesOnce demands that a command has an effect, and none when it is given again.
func writesOnce[S any](t *testing.T, of command.Aggregate[S], given past, at time.Time, decide func(*S, time.Time) ([]event.Data, error)) {
	t.Helper()
	var written past
	giventest.Given(of, given...).At(at).When(decides(func(state *S, now time.Time) (events []event.Data, err error) {
		written, err = decide(state, now)
		return written, err
	}))
	if len(written) == 0 {
		t.Fatal("the command wrote nothing the first time")
	}
	again := append(append(past{}, given...), written...)
	giventest.Given(of, again...).At(at).When(decides(decide)).Unchanged(t)
}
