package billing

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// FollowInvoice asks for the invoice as it is now instead of believing the event
// that led here: reactions to different events overtake one another, and a paid
// invoice must not become late again.
func (Rules) FollowInvoice(state *billing.Subscription, cmd billing.FollowInvoice, facts billing.FollowInvoiceFacts, _ time.Time) ([]event.Data, error) {
	givenUp := facts.Status == billing.InvoiceStatusUncollected
	late := givenUp || facts.Status == billing.InvoiceStatusOverdue
	if late == slices.Contains(state.Overdue, cmd.Invoice) && givenUp == slices.Contains(state.GivenUp, cmd.Invoice) {
		return nil, nil
	}
	after := billing.SubscriptionStandingChanged{
		Overdue: member(state.Overdue, cmd.Invoice, late),
		GivenUp: member(state.GivenUp, cmd.Invoice, givenUp),
	}
	after.Unpaid = len(after.GivenUp) > 0
	after.Status = standing(state.Status, len(after.Overdue) > 0)
	return []event.Data{after}, nil
}

// member is the set with or without the invoice.
func member(set []uuid.UUID, invoice uuid.UUID, in bool) []uuid.UUID {
	without := slices.DeleteFunc(slices.Clone(set), func(id uuid.UUID) bool { return id == invoice })
	if in {
		return append(without, invoice)
	}
	return without
}

// standing is the status of a subscription with late invoices or without; one that is
// cancelled stays so.
func standing(status billing.SubscriptionStatus, late bool) billing.SubscriptionStatus {
	switch {
	case status == billing.SubscriptionStatusCancelled, status == billing.SubscriptionStatusTrialing:
		return status
	case late:
		return billing.SubscriptionStatusPastDue
	}
	return billing.SubscriptionStatusActive
}
