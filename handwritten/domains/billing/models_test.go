package billing_test

import (
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/billing"
)

// TestReadModels looks at a customer who paid for one month of two.
func TestReadModels(t *testing.T) {
	c := newCustomer(t)
	c.change(t, tenant.PlanPro)
	c.Until(t, opened.AddDate(0, 0, 17))
	c.meter(t, billing.MetricJobs, day(2, 1), 1000)
	c.meter(t, billing.MetricUsers, day(2, 1), 4)
	c.meter(t, billing.MetricJobs, day(2, 1), 1001)
	c.untilPeriodEnds(t)
	c.pay(t, c.issued()[0])
	c.untilPeriodEnds(t)
	c.Until(t, *c.invoice(t, c.issued()[1]).DueAt)
	conn := c.Project(t, billing.Models(rules.Rules{})...)
	for _, want := range []struct {
		table, columns string
		rows           []string
	}{
		{billing.ReceivablesProjection.Table.SQLName(), "day, month, status, currency, total, paid",
			[]string{"('2025-03-01','2025-03','paid','EUR',4950,4950)", "('2025-04-01','2025-04','overdue','EUR',4900,0)"}},
		{billing.InvoicesProjection.Table.SQLName(), "period, toDate(period_end), plan, status, JSONExtractInt(total, 'amount'), JSONExtractInt(paid, 'amount')",
			[]string{"(1,'2025-02-28','pro','paid',4950,4950)", "(2,'2025-03-31','pro','overdue',4900,0)"}},
		{billing.SubscriptionsProjection.Table.SQLName(), "plan, status, unpaid, period, toDate(period_end)", []string{"('pro','past_due',false,3,'2025-04-30')"}},
		{billing.TenantUsageDailyProjection.Table.SQLName(), "day, jobs, api_calls, users, storage_gb", []string{"('2025-02-01',1001,0,4,0)"}},
	} {
		if diff := cmp.Diff(want.rows, rows(t, conn, want.table, want.columns)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.table, diff)
		}
	}
}

// rows prints a table's rows in the order of their texts.
func rows(t *testing.T, conn driver.Conn, table, columns string) (all []string) {
	t.Helper()
	found, err := conn.Query(t.Context(), fmt.Sprintf("SELECT toString(tuple(%s)) AS line FROM %s FINAL WHERE _deleted = 0 ORDER BY line", columns, table))
	check(t, err)
	defer found.Close()
	for found.Next() {
		var line string
		check(t, found.Scan(&line))
		all = append(all, line)
	}
	check(t, found.Err())
	return all
}
