package billing_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/billing"
	"github.com/oksai/oksai/handwritten/runtime/codec"
	"github.com/oksai/oksai/handwritten/runtime/command/giventest"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

func meterDay(day time.Time, used map[billing.Metric]int64) subscriptionDecision {
	return func(state *billing.Subscription, now time.Time) ([]event.Data, error) {
		return billing.MeterDay{Day: day, Used: used}.Decide(rules.Rules{}, state, now)
	}
}

func TestMeterDay(t *testing.T) {
	t.Parallel()
	ended := append(slices.Clone(active), billing.UsageDayEnded{Day: day(2, 3)})
	used := map[billing.Metric]int64{billing.MetricJobs: 3, billing.MetricUsers: 2, billing.MetricAPICalls: 0}
	onlyJobs := map[billing.Metric]int64{billing.MetricJobs: 3}
	jobs := billing.UsageMetered{Metric: billing.MetricJobs, Day: day(2, 3), Quantity: 3}
	users := billing.UsageMetered{Metric: billing.MetricUsers, Day: day(2, 3), Quantity: 2}
	measured := billing.UsageDayMeasured{Day: day(2, 3)}
	for _, c := range []struct {
		name        string
		given, then past
		day         time.Time
		used        map[billing.Metric]int64
	}{
		{"all that was used", ended, past{jobs, users, measured}, day(2, 3), used},
		{"what an operator said before is not said again", append(slices.Clone(ended), jobs), past{users, measured}, day(2, 3), used},
		{"what an operator said stays where nothing was measured", append(slices.Clone(ended), users), past{jobs, measured}, day(2, 3), onlyJobs},
		{"another day", ended, nil, day(2, 4), used},
		{"no day has ended", active, nil, day(2, 3), used},
		{"again", append(slices.Clone(ended), jobs, users, measured), nil, day(2, 3), used},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			giventest.Given(subscriptions, c.given...).At(february).When(decides(meterDay(c.day, c.used))).Then(t, c.then...)
		})
	}
}

// measure lets 50 jobs happen every day, and returns the days that were measured, as they come.
func (c *customer) measure() *[]time.Time {
	var days []time.Time
	c.used = func(day time.Time) (map[billing.Metric]int64, error) {
		days = append(days, day)
		return map[billing.Metric]int64{billing.MetricJobs: 50}, nil
	}
	return &days
}

// A month has 28 days here: 1400 jobs are 400 more than are included, so four units.
func TestEachDaysUsageIsInvoicedOnce(t *testing.T) {
	for name, pass := range map[string]func(*testing.T, *customer){
		"day by day": func(t *testing.T, c *customer) { c.Until(t, march.AddDate(0, 0, 1).Add(measured)) },
		"nobody looked for long": func(t *testing.T, c *customer) {
			c.Sleep(march.AddDate(0, 0, 2))
			c.Until(t, c.Now())
			c.Until(t, c.Now().AddDate(0, 0, 2))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCustomer(t)
			c.change(t, tenant.PlanPro)
			days := c.measure()
			pass(t, c)
			for i, got := range *days {
				if want := codec.Day(opened).AddDate(0, 0, i); !got.Equal(want) {
					t.Fatalf("measurement %d is of %v, want %v", i, got, want)
				}
			}
			if min := int(march.Sub(opened) / (24 * time.Hour)); len(*days) < min {
				t.Errorf("%d days of %d were measured", len(*days), min)
			}
			var totals []int64
			for _, id := range c.issued() {
				totals = append(totals, c.invoice(t, id).Total.Amount)
			}
			if diff := cmp.Diff([]int64{4900 + 4*50, 4900 + 6*50}, totals); diff != "" { // 31 days: 1550 jobs
				t.Errorf("invoices (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADayThatCannotBeMeasuredWaits(t *testing.T) {
	c := newCustomer(t)
	broken := errors.New("the read model is away")
	c.used = func(time.Time) (map[billing.Metric]int64, error) { return nil, broken }
	timers := billing.Timers(c.subscriptions, c.invoices, c)[0]
	c.Sleep(opened.AddDate(0, 0, 20))
	fire := func() (name string, err error) {
		due, err := c.Store.DueTimers(t.Context(), []string{"billing"}, c.Now(), 1)
		check(t, err)
		if len(due) == 0 {
			return "", nil
		}
		err = timers.Handle(t.Context(), due[0])
		if err == nil {
			check(t, c.Store.ClearTimer(t.Context(), due[0]))
		}
		return due[0].Name, err
	}
	if name, err := fire(); name != "day" || err != nil {
		t.Fatalf("first the timer %q went off: %v", name, err)
	}
	if name, err := fire(); name != "usage" || !errors.Is(err, broken) {
		t.Fatalf("then the timer %q: %v", name, err)
	}
	if name, err := fire(); name != "" {
		t.Fatalf("and then the timer %q, though the day is not measured: %v", name, err)
	}
	c.used = nil
	c.Sleep(c.Now().Add(time.Hour)) // the failed timer comes back
	c.Until(t, c.Now())
	c.want(t, "measured at last", standing{tenant.TenantStatusActive, billing.SubscriptionStatusActive, tenant.PlanFree, 1, 0})
}

// Timers that are due go off side by side, so there must never be two.
func TestDaysOfTheNextPeriodWaitForTheEndOfThisOne(t *testing.T) {
	c := newCustomer(t)
	timers := billing.Timers(c.subscriptions, c.invoices, c)[0]
	c.Sleep(opened.AddDate(0, 0, 20))
	for fired := ""; fired != "period"; {
		due, err := c.Store.DueTimers(t.Context(), []string{"billing"}, c.Now(), 10)
		check(t, err)
		if len(due) != 1 {
			t.Fatalf("after %q %d timers are due: %v", fired, len(due), due)
		}
		fired = due[0].Name
		check(t, timers.Handle(t.Context(), due[0]))
		check(t, c.Store.ClearTimer(t.Context(), due[0]))
	}
}
