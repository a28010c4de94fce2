package billing

import (
	"fmt"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/handwritten/runtime/codec"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// MapInvoiceDraftedToReceivables takes money apart, into columns that add up.
func (Rules) MapInvoiceDraftedToReceivables(row *billing.ReceivablesRow, e *event.Recorded, data billing.InvoiceDrafted) (projection.Effect, error) {
	row.Status, row.Currency, row.Total = string(billing.InvoiceStatusDraft), data.Total.Currency, data.Total.Amount
	on(row, e)
	return projection.Keep, nil
}

// MapInvoiceIssuedToReceivables counts the invoice for the day and month of its issue.
func (Rules) MapInvoiceIssuedToReceivables(row *billing.ReceivablesRow, e *event.Recorded, _ billing.InvoiceIssued) (projection.Effect, error) {
	row.Status = string(billing.InvoiceStatusIssued)
	on(row, e)
	return projection.Keep, nil
}

// MapPaymentReceivedToReceivables knows all that was paid.
func (Rules) MapPaymentReceivedToReceivables(row *billing.ReceivablesRow, _ *event.Recorded, data billing.PaymentReceived) (projection.Effect, error) {
	row.Paid = data.Paid.Amount
	return projection.Keep, nil
}

func on(row *billing.ReceivablesRow, e *event.Recorded) {
	row.Day, row.Month = codec.Day(e.At), e.At.UTC().Format("2006-01")
}

// MapUsageMeteredToTenantUsageDaily replaces one metric of the day.
func (Rules) MapUsageMeteredToTenantUsageDaily(row *billing.TenantUsageDailyRow, _ *event.Recorded, data billing.UsageMetered) (projection.Effect, error) {
	switch data.Metric {
	case billing.MetricJobs:
		row.Jobs = data.Quantity
	case billing.MetricAPICalls:
		row.APICalls = data.Quantity
	case billing.MetricUsers:
		row.Users = data.Quantity
	case billing.MetricStorageGB:
		row.StorageGB = data.Quantity
	default:
		return projection.Skip, fmt.Errorf("tenant_usage_daily has no column for the metric %q: add one to the spec", data.Metric)
	}
	return projection.Keep, nil
}
