// Package billed gives tests an invoice, which takes months to come by itself.
package billed

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/billing"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
)

// Draft drafts the invoice of a tenant's last month in the database of a running app.
func Draft(t testing.TB, database string, id uuid.UUID) {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	defer outboxtest.Go(t, store.Run)()
	invoices := billing.NewInvoices(billing.NewRepositories(store, rules.Rules{}), rules.Rules{})
	now := time.Now()
	month := billing.DraftInvoice{Period: 1, PeriodStart: now.AddDate(0, -1, 0), PeriodEnd: now, Plan: tenant.PlanPro}
	if _, err := platformtest.Create(t.Context(), invoices.Repository(), id, uuid.New(), invoices.DraftInvoice, month); err != nil {
		t.Fatal(err)
	}
}
