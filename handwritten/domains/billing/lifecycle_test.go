package billing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/tenant"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
)

func (c *customer) suspend(t *testing.T, reason string) {
	t.Helper()
	_, err := platformtest.Do(t.Context(), c.tenants.Repository(), c.id, c.id, c.tenants.SuspendTenant, tenant.SuspendTenant{Reason: reason})
	check(t, err)
	c.Settle(t)
}

// givenUnpaid is a customer on the plan pro with one invoice that nobody paid, as long after it was due.
func givenUnpaid(t *testing.T, late time.Duration) *customer {
	t.Helper()
	c := newCustomer(t)
	c.change(t, tenant.PlanPro)
	c.Until(t, opened.AddDate(0, 0, 14).Add(measured))
	c.untilPeriodEnds(t)
	c.Until(t, c.invoice(t, c.issued()[0]).DueAt.Add(late))
	return c
}

func TestPayingDoesNotHelpATenantThatIsSuspendedForSomethingElse(t *testing.T) {
	c := givenUnpaid(t, 0)
	c.suspend(t, "spam")
	c.Until(t, c.Now().AddDate(0, 0, 14)) // given up, and suspended already
	c.pay(t, c.issued()[0])
	c.want(t, "paid", standing{tenant.TenantStatusSuspended, billing.SubscriptionStatusActive, tenant.PlanPro, 2, 1})
}

func TestAnInvoiceThatIsTakenBackIsNotLate(t *testing.T) {
	c := givenUnpaid(t, 14*24*time.Hour)
	c.want(t, "nobody paid", standing{tenant.TenantStatusSuspended, billing.SubscriptionStatusPastDue, tenant.PlanPro, 2, 1})
	_, err := platformtest.Do(t.Context(), c.invoices.Repository(), c.id, c.issued()[0], c.invoices.VoidInvoice, billing.VoidInvoice{Reason: "wrong"})
	check(t, err)
	c.Settle(t)
	c.want(t, "taken back", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanPro, 2, 1})
}

func TestADeletedTenantHasNoMorePeriods(t *testing.T) {
	c := newCustomer(t)
	c.change(t, tenant.PlanPro)
	_, err := platformtest.Do(t.Context(), c.tenants.Repository(), c.id, c.id, c.tenants.DeleteTenant, tenant.DeleteTenant{})
	check(t, err)
	c.Until(t, opened.AddDate(0, 0, 30).Add(-time.Microsecond))
	c.want(t, "it can still be restored", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanPro, 1, 0})
	c.Until(t, opened.AddDate(1, 0, 0))
	c.want(t, "a year later", standing{tenant.TenantStatusDeleted, billing.SubscriptionStatusCancelled, tenant.PlanPro, 1, 0})
}

func TestARestoredTenantGoesOn(t *testing.T) {
	c := newCustomer(t)
	_, err := platformtest.Do(t.Context(), c.tenants.Repository(), c.id, c.id, c.tenants.DeleteTenant, tenant.DeleteTenant{})
	check(t, err)
	c.Until(t, opened.AddDate(0, 0, 29))
	_, err = platformtest.Do(t.Context(), c.tenants.Repository(), c.id, c.id, c.tenants.RestoreTenant, tenant.RestoreTenant{})
	check(t, err)
	c.Until(t, opened.AddDate(0, 0, 60))
	c.want(t, "after the time of its deletion", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanFree, 2, 0})
}

func TestPeriodsThatEndedWhileNobodyLookedAreMadeUpFor(t *testing.T) {
	c := newCustomer(t)
	c.change(t, tenant.PlanPro)
	c.Sleep(opened.AddDate(0, 3, 0))
	c.Until(t, c.Now())
	c.Until(t, c.Now().AddDate(0, 0, 1))
	c.want(t, "awake again", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanPro, 3, 2})
	for i, end := range []time.Time{february, march} {
		if got := c.invoice(t, c.issued()[i]).PeriodEnd; !got.Equal(end) {
			t.Errorf("period %d ended at %v, want %v", i+1, got, end)
		}
	}
}

// Reactions to different events overtake one another; these tests let them.

func TestALateEventOfAPaidInvoiceChangesNothing(t *testing.T) {
	c := givenUnpaid(t, 14*24*time.Hour)
	c.pay(t, c.issued()[0])
	late := c.last(t, billing.InvoiceUncollected{})
	late.ID = late.Stream.ID // the inbox does not know it
	c.hear(t, late)
	c.Settle(t)
	c.want(t, "paid", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanPro, 2, 1})
}

func TestAnUpgradeMayComeBeforeTheSubscription(t *testing.T) {
	c := newTenant(t)
	_, err := platformtest.Do(t.Context(), c.tenants.Repository(), c.id, c.id, c.tenants.ChangePlan, tenant.ChangePlan{Plan: tenant.PlanPro})
	check(t, err)
	events, err := c.Store.ReadLog(t.Context(), event.Position{}, 10)
	check(t, err)
	for _, e := range slices.Backward(events) {
		c.hear(t, e)
	}
	c.want(t, "subscribed", standing{tenant.TenantStatusActive, billing.SubscriptionStatusTrialing, tenant.PlanPro, 0, 0})
}

// hear brings an event to billing out of turn.
func (c *customer) hear(t *testing.T, e event.Recorded) {
	t.Helper()
	for _, r := range billing.Reactions(c.invoices, c.subscriptions, c.tenants) {
		if slices.Contains(r.Types, e.Type) {
			check(t, r.Handle(t.Context(), e))
		}
	}
}

func (c *customer) last(t *testing.T, kind event.Data) event.Recorded {
	t.Helper()
	for i := len(c.Told) - 1; i >= 0; i-- {
		if c.Told[i].Type == kind.EventType() {
			return c.Told[i]
		}
	}
	t.Fatalf("%s did not happen", kind.EventType())
	return event.Recorded{}
}
