// Package payments takes the payment provider's word for what was paid.
package payments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/money"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/webhook"
)

// provider is who gives the commands that a payment leads to.
const provider = "payment-provider"

// Payments implements the module's webhook.
type Payments struct {
	invoices *billing.Invoices
	secrets  []secret.Text
	clock    func() time.Time
}

// New takes what the provider signs with. Without it no payment is believed.
func New(deps service.Deps, means billing.Means) *Payments {
	return &Payments{means.Invoices, means.PaymentWebhookSecret, deps.Clock}
}

// payment is what the provider sends. More fields may come.
type payment struct {
	Payment string      `json:"payment"`
	Tenant  uuid.UUID   `json:"tenant"`
	Invoice uuid.UUID   `json:"invoice"`
	Amount  *paidAmount `json:"amount"`
}

type paidAmount struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// PaymentWebhook records a payment. A repeated one finds itself recorded, and is
// answered like the first.
func (p *Payments) PaymentWebhook(ctx context.Context, _ command.Caller, in billing.PaymentWebhook) error {
	if len(p.secrets) == 0 {
		return problem.Unavailable("this platform shares no secret with a payment provider; its operator sets PAYMENT_WEBHOOK_SECRET")
	}
	switch err := webhook.Verify(in.Headers.Get(webhook.Header), in.Body, p.secrets, p.clock()); {
	case errors.Is(err, webhook.ErrTime):
		return in.SignatureExpired()
	case err != nil:
		return in.InvalidSignature()
	}
	var paid payment
	if err := json.Unmarshal(in.Body, &paid); err != nil || paid.Amount == nil || paid.Tenant == uuid.Nil {
		return in.InvalidPayment().Because(err)
	}
	err := p.record(ctx, paid)
	if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Status == 404 {
		return in.UnknownInvoice().Because(err)
	}
	return err
}

func (p *Payments) record(ctx context.Context, paid payment) error {
	metadata := httpx.Metadata(ctx)
	metadata.User = provider
	cmd := billing.RecordPayment{Payment: paid.Payment, Amount: money.Money(*paid.Amount)}
	caller := command.Caller{Tenant: paid.Tenant, Subject: provider}
	request := command.Request[billing.Invoice]{ID: paid.Invoice, Metadata: metadata}
	if _, err := command.Do(ctx, p.invoices.Repository(), request, p.invoices.RecordPayment, caller, cmd); err != nil {
		return fmt.Errorf("record payment %q of invoice %s: %w", paid.Payment, paid.Invoice, err)
	}
	return nil
}
