package billing_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/billing"
	tenantrules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/money"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/sql"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// customer is a tenant of a platform with the modules tenant and billing.
type customer struct {
	*platformtest.Platform
	id            uuid.UUID
	tenants       *tenant.Tenants
	subscriptions *billing.Subscriptions
	invoices      *billing.Invoices

	billing.UnimplementedOperations
	// used is what is measured of a day; whoever measures may fail.
	used func(day time.Time) (map[billing.Metric]int64, error)
}

// measured is how long after the end of a period its last day is known.
const measured = 5 * time.Minute

// opened is the day on which the customer came: its trial ends on the last of January.
var opened = time.Date(2025, 1, 17, 9, 30, 0, 0, time.UTC)

func newCustomer(t *testing.T) *customer {
	t.Helper()
	c := newTenant(t)
	c.Settle(t)
	return c
}

// newTenant is a customer of whom billing has not heard yet.
func newTenant(t *testing.T) *customer {
	t.Helper()
	p := platformtest.Open(t, opened, sql.Tenant)
	tenantRepos := tenant.NewRepositories(p.Store, p.Clock())
	repos := billing.NewRepositories(p.Store, rules.Rules{}, p.Clock())
	c := &customer{
		Platform: p, id: uuid.New(), tenants: tenant.NewTenants(tenantRepos, tenantrules.Rules{}),
		subscriptions: billing.NewSubscriptions(repos, rules.Rules{}, tenantRepos), invoices: billing.NewInvoices(repos, rules.Rules{}),
	}
	p.Follow(billing.Reactions(c.invoices, c.subscriptions, c.tenants), billing.Timers(c.subscriptions, c.invoices, c))
	p.Follow(nil, tenant.Timers(c.tenants))
	create := tenant.CreateTenant{Name: "Acme", Slug: "acme", Settings: tenant.NewSettings()}
	_, err := platformtest.Create(t.Context(), c.tenants.Repository(), c.id, c.id, c.tenants.CreateTenant, create)
	check(t, err)
	return c
}

// SubscriptionUsage stands in for who measures.
func (c *customer) SubscriptionUsage(_ context.Context, _ command.Caller, at command.Loaded[billing.Subscription]) (billing.MeterDay, error) {
	day := *at.State.EndedDay
	if c.used == nil {
		return billing.MeterDay{Day: day}, nil
	}
	used, err := c.used(day)
	return billing.MeterDay{Day: day, Used: used}, err
}

func (c *customer) change(t *testing.T, plan tenant.Plan) {
	t.Helper()
	_, err := platformtest.Do(t.Context(), c.tenants.Repository(), c.id, c.id, c.tenants.ChangePlan, tenant.ChangePlan{Plan: plan})
	check(t, err)
	c.Settle(t)
}

func (c *customer) meter(t *testing.T, metric billing.Metric, day time.Time, quantity int64) {
	t.Helper()
	cmd := billing.MeterUsage{Metric: metric, Day: day, Quantity: quantity}
	_, err := platformtest.Do(t.Context(), c.subscriptions.Repository(), c.id, subscriptionOf(c.id), c.subscriptions.MeterUsage, cmd)
	check(t, err)
	c.Settle(t)
}

// pay pays all of an invoice.
func (c *customer) pay(t *testing.T, invoice uuid.UUID) {
	t.Helper()
	total := c.invoice(t, invoice).Total
	cmd := billing.RecordPayment{Payment: fmt.Sprintf("bank-%s", invoice), Amount: total}
	_, err := platformtest.Do(t.Context(), c.invoices.Repository(), c.id, invoice, c.invoices.RecordPayment, cmd)
	check(t, err)
	c.Settle(t)
}

// issued are the invoices that were issued so far.
func (c *customer) issued() (ids []uuid.UUID) {
	for _, e := range c.Told {
		if e.Type == (billing.InvoiceIssued{}).EventType() {
			ids = append(ids, e.Stream.ID)
		}
	}
	return ids
}

func (c *customer) invoice(t *testing.T, id uuid.UUID) *billing.Invoice {
	return state(t, c.invoices.Repository(), c.id, id)
}

func (c *customer) subscription(t *testing.T) *billing.Subscription {
	return state(t, c.subscriptions.Repository(), c.id, subscriptionOf(c.id))
}

// untilPeriodEnds goes on until the period is over, its last day measured and its invoice issued.
func (c *customer) untilPeriodEnds(t *testing.T) {
	t.Helper()
	c.Until(t, c.subscription(t).PeriodEnd.AddDate(0, 0, 1).Add(measured))
}

// want compares how the customer stands.
func (c *customer) want(t *testing.T, when string, want standing) {
	t.Helper()
	s, organisation := c.subscription(t), state(t, c.tenants.Repository(), c.id, c.id)
	got := standing{organisation.Status, s.Status, s.Plan, s.Period, len(c.issued())}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s, %v (-want +got):\n%s", when, c.Now(), diff)
	}
}

type standing struct {
	Tenant       tenant.TenantStatus
	Subscription billing.SubscriptionStatus
	Plan         tenant.Plan
	Period       int64
	Invoices     int
}

func TestAYearOfBilling(t *testing.T) {
	began := time.Now()
	c := newCustomer(t)
	c.want(t, "a new tenant", standing{tenant.TenantStatusActive, billing.SubscriptionStatusTrialing, tenant.PlanFree, 0, 0})
	c.change(t, tenant.PlanPro)
	c.Until(t, opened.AddDate(0, 0, 14).Add(-time.Microsecond))
	c.want(t, "the trial's last moment", standing{tenant.TenantStatusActive, billing.SubscriptionStatusTrialing, tenant.PlanPro, 0, 0})
	c.Until(t, opened.AddDate(0, 0, 14).Add(measured))
	c.want(t, "after the trial", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanPro, 1, 0})

	for month := 1; month <= 11; month++ {
		c.Until(t, c.Now().AddDate(0, 0, 2))
		c.meter(t, billing.MetricJobs, c.Now().AddDate(0, 0, -1), 1001)
		c.untilPeriodEnds(t)
		c.pay(t, c.issued()[month-1])
	}
	c.want(t, "after eleven months", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanPro, 12, 11})

	c.untilPeriodEnds(t)
	due := *c.invoice(t, c.issued()[11]).DueAt
	c.Until(t, due)
	c.want(t, "nobody paid when it was due", standing{tenant.TenantStatusActive, billing.SubscriptionStatusPastDue, tenant.PlanPro, 13, 12})
	c.Until(t, due.AddDate(0, 0, 14))
	c.want(t, "nobody paid in the grace period", standing{tenant.TenantStatusSuspended, billing.SubscriptionStatusPastDue, tenant.PlanPro, 14, 13})
	_, err := platformtest.Do(t.Context(), c.tenants.Repository(), c.id, c.id, c.tenants.ChangePlan, tenant.ChangePlan{Plan: tenant.PlanFree})
	wantRefused(t, err, "TENANT_SUSPENDED")
	c.pay(t, c.issued()[11])
	c.want(t, "paid after all", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanPro, 14, 13})
	c.pay(t, c.issued()[12])

	c.change(t, tenant.PlanFree)
	c.want(t, "a downgrade waits", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanPro, 14, 13})
	c.untilPeriodEnds(t)
	c.want(t, "the downgrade took effect, the period before is invoiced", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanFree, 15, 14})
	c.pay(t, c.issued()[13])
	c.untilPeriodEnds(t)
	c.want(t, "the free plan is free", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanFree, 16, 14})

	t.Logf("%v of platform time in %v, %d events", c.Now().Sub(opened), time.Since(began).Round(time.Millisecond), len(c.Told))
	c.wantBooks(t)
}

// wantBooks compares what was asked for and paid, and when periods ended.
func (c *customer) wantBooks(t *testing.T) {
	t.Helper()
	var ends []string
	for i, id := range c.issued() {
		invoice := c.invoice(t, id)
		ends = append(ends, invoice.PeriodEnd.Format("01-02"))
		want := money.Money{Amount: 4900, Currency: "EUR"}
		if i < 11 {
			want.Amount += 50 // one job more than is included begins a unit
		}
		if invoice.Total != want || invoice.Paid != want || invoice.Status != billing.InvoiceStatusPaid {
			t.Errorf("invoice %d is %+v, want %+v, paid", i, *invoice, want)
		}
	}
	want := []string{"02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31", "01-31", "02-28", "03-31"}
	if diff := cmp.Diff(want, ends); diff != "" {
		t.Errorf("periods ended (-want +got):\n%s", diff)
	}
}

func wantRefused(t *testing.T, err error, code string) {
	t.Helper()
	if refused, ok := errors.AsType[*problem.Error](err); !ok || refused.Code != code {
		t.Errorf("got %v, want a refusal with code %s", err, code)
	}
}

func state[S any](t *testing.T, at *command.Repository[S], tenant, id uuid.UUID) *S {
	t.Helper()
	loaded, err := at.Load(t.Context(), tenant, id)
	check(t, err)
	return loaded.State
}

// subscriptionOf is the id that the spec's `by: =context.tenant_id` makes.
func subscriptionOf(tenant uuid.UUID) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("billing.Subscription:"+tenant.String()))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
