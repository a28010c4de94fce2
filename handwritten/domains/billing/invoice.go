package billing

import (
	"time"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/money"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// DraftInvoice lists the plan's price and each metric's usage above what is included.
func (Rules) DraftInvoice(_ *billing.Invoice, cmd billing.DraftInvoice, now time.Time) ([]event.Data, error) {
	lines := []billing.InvoiceLine{{Item: string(cmd.Plan), Quantity: 1, Amount: cmd.Plan.MonthlyPrice()}}
	for _, metric := range billing.MetricJobs.Values() {
		quantity := used(cmd.Usage, metric)
		if amount := usagePrice(metric, quantity); amount.Amount > 0 {
			lines = append(lines, billing.InvoiceLine{Item: string(metric), Quantity: quantity, Amount: amount})
		}
	}
	total, err := sum(lines)
	if err != nil {
		return nil, err
	}
	return []event.Data{billing.InvoiceDrafted{
		Period: cmd.Period, PeriodStart: cmd.PeriodStart, PeriodEnd: cmd.PeriodEnd, Plan: cmd.Plan,
		Lines: lines, Total: total, Paid: total.Mul(0), DraftedAt: now,
	}}, nil
}

// usagePrice is the price of what was used; a unit that was begun costs as much as a whole one.
func usagePrice(metric billing.Metric, quantity int64) money.Money {
	above := max(quantity-metric.Included(), 0)
	return metric.UnitPrice().Mul((above + metric.Unit() - 1) / metric.Unit())
}

func sum(lines []billing.InvoiceLine) (total money.Money, err error) {
	for _, line := range lines {
		if total != (money.Money{}) && line.Amount.Currency != total.Currency {
			return total, currencyMismatch(total.Currency, line.Amount.Currency)
		}
		total = total.Add(line.Amount)
	}
	return total, nil
}

func currencyMismatch(want, got string) error {
	return problem.Rule("CURRENCY_MISMATCH", "the invoice is in "+want+", not in "+got)
}
