package billing_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/billing"
	"github.com/oksai/oksai/handwritten/runtime/command/giventest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/money"
)

var (
	invoices = billing.InvoiceAggregate()
	drafted  = billing.InvoiceDrafted{
		Period: 1, PeriodStart: trialEnd, PeriodEnd: february, Plan: tenant.PlanPro,
		Lines: []billing.InvoiceLine{{Item: "pro", Quantity: 1, Amount: euro(4900)}}, Total: euro(4900), Paid: euro(0), DraftedAt: february,
	}
	issued      = billing.InvoiceIssued{Total: euro(4900), DueAt: february.AddDate(0, 0, 14)}
	overdue     = billing.InvoiceOverdue{Total: euro(4900)}
	uncollected = billing.InvoiceUncollected{Total: euro(4900)}
	voided      = billing.InvoiceVoided{Total: euro(4900), Reason: "wrong"}
	paid        = billing.InvoicePaid{Total: euro(4900)}
)

type invoiceDecision = func(*billing.Invoice, time.Time) ([]event.Data, error)

func euro(cents int64) money.Money { return money.Money{Amount: cents, Currency: "EUR"} }

func draft(plan tenant.Plan, usage ...billing.DailyUsage) invoiceDecision {
	return func(state *billing.Invoice, now time.Time) ([]event.Data, error) {
		cmd := billing.DraftInvoice{Period: 1, PeriodStart: trialEnd, PeriodEnd: february, Plan: plan, Usage: usage}
		return cmd.Decide(rules.Rules{}, state, now)
	}
}

func pay(id string, amount money.Money) invoiceDecision {
	return func(state *billing.Invoice, now time.Time) ([]event.Data, error) {
		return billing.RecordPayment{Payment: id, Amount: amount}.Decide(rules.Rules{}, state, now)
	}
}

func received(id string, amount, sum int64, payments map[string]int64) billing.PaymentReceived {
	return billing.PaymentReceived{Payment: id, Amount: euro(amount), Paid: euro(sum), Payments: payments}
}

func TestInvoiceRules(t *testing.T) {
	t.Parallel()
	part := received("a", 900, 900, map[string]int64{"a": 900})
	all := received("a", 4900, 4900, map[string]int64{"a": 4900})
	for _, c := range []struct {
		name    string
		given   past
		when    invoiceDecision
		then    past
		refused string
	}{
		{name: "an invoice lists the plan's price", when: draft(tenant.PlanPro), then: past{drafted}},
		{name: "a draft is issued and due in 14 days", given: past{drafted}, when: billing.IssueInvoice{}.Decide, then: past{issued}},
		{name: "a void invoice is not issued", given: past{drafted, voided}, when: billing.IssueInvoice{}.Decide, refused: "INVOICE_VOID"},
		{name: "an invoice that nobody paid is overdue", given: past{drafted, issued}, when: billing.MarkOverdue{}.Decide, then: past{overdue}},
		{name: "a paid one is not", given: past{drafted, issued, all, paid}, when: billing.MarkOverdue{}.Decide},
		{name: "after the grace period it is given up", given: past{drafted, issued, overdue}, when: billing.GiveUpInvoice{}.Decide, then: past{uncollected}},
		{name: "one that was paid meanwhile is not", given: past{drafted, issued, overdue, all, paid}, when: billing.GiveUpInvoice{}.Decide},
		{name: "an invoice is taken back", given: past{drafted, issued}, when: billing.VoidInvoice{Reason: "wrong"}.Decide, then: past{voided}},
		{name: "one with payments is not", given: past{drafted, issued, part}, when: billing.VoidInvoice{Reason: "wrong"}.Decide, refused: "INVOICE_HAS_PAYMENTS"},

		{name: "all of it is paid", given: past{drafted, issued}, when: pay("a", euro(4900)), then: past{all, paid}},
		{name: "a part leaves it open", given: past{drafted, issued}, when: pay("a", euro(900)), then: past{part}},
		{name: "the rest closes it", given: past{drafted, issued, part}, when: pay("b", euro(4000)),
			then: past{received("b", 4000, 4900, map[string]int64{"a": 900, "b": 4000}), paid}},
		{name: "too much closes it too, and is noted", given: past{drafted, issued}, when: pay("a", euro(5000)),
			then: past{received("a", 5000, 5000, map[string]int64{"a": 5000}), paid}},
		{name: "a second payment of a paid invoice is noted", given: past{drafted, issued, all, paid}, when: pay("b", euro(4900)),
			then: past{received("b", 4900, 9800, map[string]int64{"a": 4900, "b": 4900})}},
		{name: "a payment is counted once", given: past{drafted, issued, part}, when: pay("a", euro(900))},
		{name: "an id is of one payment", given: past{drafted, issued, part}, when: pay("a", euro(901)), refused: "PAYMENT_ID_REUSED"},
		{name: "an overdue invoice is paid", given: past{drafted, issued, overdue}, when: pay("a", euro(4900)), then: past{all, paid}},
		{name: "one that was given up is paid", given: past{drafted, issued, overdue, uncollected}, when: pay("a", euro(4900)), then: past{all, paid}},
		{name: "a draft is not paid", given: past{drafted}, when: pay("a", euro(4900)), refused: "INVOICE_NOT_ISSUED"},
		{name: "a void invoice is not paid", given: past{drafted, voided}, when: pay("a", euro(4900)), refused: "INVOICE_VOID"},
		{name: "dollars do not pay euros", given: past{drafted, issued}, when: pay("a", money.Money{Amount: 4900, Currency: "USD"}), refused: "CURRENCY_MISMATCH"},
		{name: "nothing is no payment", given: past{drafted, issued}, when: pay("a", euro(0)), refused: "PAYMENT_OUT_OF_RANGE"},
		{name: "less than nothing is none either", given: past{drafted, issued}, when: pay("a", euro(-1)), refused: "PAYMENT_OUT_OF_RANGE"},
		{name: "more than can be counted is refused", given: past{drafted, issued, part}, when: pay("b", euro(math.MaxInt64)), refused: "PAYMENT_OUT_OF_RANGE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result := giventest.Given(invoices, c.given...).At(february).When(decides(c.when))
			if c.refused != "" {
				result.Refused(t, c.refused)
				return
			}
			result.Then(t, c.then...)
		})
	}
}

func TestUsageIsPriced(t *testing.T) {
	t.Parallel()
	use := func(metric billing.Metric, quantities ...int64) (usage []billing.DailyUsage) {
		for i, q := range quantities {
			usage = append(usage, billing.DailyUsage{Metric: metric, Day: day(2, 1+i), Quantity: q})
		}
		return usage
	}
	for _, c := range []struct {
		name  string
		usage []billing.DailyUsage
		total int64
	}{
		{"what is included costs nothing", use(billing.MetricJobs, 400, 600), 4900},
		{"a begun unit costs as much as a whole one", use(billing.MetricJobs, 400, 601), 4950},
		{"a whole unit", use(billing.MetricJobs, 1100), 4950},
		{"and the next one", use(billing.MetricJobs, 1101), 5000},
		{"of levels the highest day counts", use(billing.MetricUsers, 10, 12, 11), 4900 + 2*300},
		{"metrics add up", append(use(billing.MetricUsers, 11), use(billing.MetricStorageGB, 11)...), 4900 + 300 + 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			events, err := draft(tenant.PlanPro, c.usage...)(nil, february)
			check(t, err)
			if got := events[0].(billing.InvoiceDrafted).Total; got != euro(c.total) {
				t.Errorf("total %+v, want %d", got, c.total)
			}
		})
	}
}

func TestTheSameInvoiceCommandAgainWritesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		given  past
		decide invoiceDecision
	}{
		{"issue", past{drafted}, billing.IssueInvoice{}.Decide},
		{"mark as overdue", past{drafted, issued}, billing.MarkOverdue{}.Decide},
		{"give up", past{drafted, issued, overdue}, billing.GiveUpInvoice{}.Decide},
		{"take back", past{drafted, issued}, billing.VoidInvoice{Reason: "wrong"}.Decide},
		{"pay a part", past{drafted, issued}, pay("a", euro(1))},
		{"pay all", past{drafted, issued}, pay("a", euro(4900))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			writesOnce(t, invoices, c.given, february, c.decide)
		})
	}
}

// TestPaymentsAddUp: in whatever parts, order and repetition money comes, each
// payment counts once, and the invoice is paid exactly from when there is enough.
func TestPaymentsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := new(billing.Invoice)
		for _, e := range (past{drafted, issued}) {
			state.Apply(e)
		}
		known := map[string]int64{}
		for range rapid.IntRange(1, 20).Draw(t, "payments") {
			id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "id")
			amount, again := known[id]
			if !again {
				amount = rapid.Int64Range(1, 3000).Draw(t, "amount")
				known[id] = amount
			}
			events, err := pay(id, euro(amount))(state, february)
			if err != nil || again && len(events) > 0 {
				t.Fatalf("payment %s, again %t, led to %v, %v", id, again, events, err)
			}
			for _, e := range events {
				state.Apply(e)
			}
		}
		var total int64
		for _, amount := range known {
			total += amount
		}
		if state.Paid != euro(total) || (state.Status == billing.InvoiceStatusPaid) != (total >= 4900) {
			t.Fatalf("%d came in, and the invoice is %+v", total, *state)
		}
	})
}
