package billing

import (
	"maps"
	"math"
	"time"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// RecordPayment notes a payment once. What was paid counts even if it is too
// little or too much; only what cannot be of this invoice is refused.
func (Rules) RecordPayment(state *billing.Invoice, cmd billing.RecordPayment, _ time.Time) ([]event.Data, error) {
	if err := payable(state, cmd); err != nil {
		return nil, err
	}
	if amount, known := state.Payments[cmd.Payment]; known {
		if amount != cmd.Amount.Amount {
			return nil, problem.Rule("PAYMENT_ID_REUSED", "a payment of this id was recorded with another amount")
		}
		return nil, nil
	}
	payments := maps.Clone(state.Payments)
	if payments == nil {
		payments = map[string]int64{}
	}
	payments[cmd.Payment] = cmd.Amount.Amount
	received := billing.PaymentReceived{Payment: cmd.Payment, Amount: cmd.Amount, Paid: state.Paid.Add(cmd.Amount), Payments: payments}
	if state.Status == billing.InvoiceStatusPaid || received.Paid.Amount < state.Total.Amount {
		return []event.Data{received}, nil
	}
	return []event.Data{received, billing.InvoicePaid{Total: state.Total}}, nil
}

func payable(state *billing.Invoice, cmd billing.RecordPayment) error {
	switch {
	case state.Status == billing.InvoiceStatusDraft:
		return problem.Rule("INVOICE_NOT_ISSUED", "a draft cannot be paid")
	case state.Status == billing.InvoiceStatusVoid:
		return problem.Rule("INVOICE_VOID", "the invoice was taken back, so its payment must be paid back")
	case cmd.Amount.Currency != state.Total.Currency:
		return currencyMismatch(state.Total.Currency, cmd.Amount.Currency)
	case cmd.Amount.Amount <= 0, cmd.Amount.Amount > math.MaxInt64-state.Paid.Amount:
		return problem.Rule("PAYMENT_OUT_OF_RANGE", "a payment is more than nothing, and all of an invoice can be counted")
	}
	return nil
}
