// Package operators is what the operators' API does: it shows the platform's own
// operations over HTTP, as the command line shows them in a terminal.
package operators

import (
	"context"

	"github.com/oksai/oksai/gen/operators"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/operations"
	"github.com/oksai/oksai/handwritten/runtime/optional"
	"github.com/oksai/oksai/handwritten/runtime/service"
)

// api shows the platform's operations.
type api struct {
	*operations.Operations
	trail   *audit.Store
	cursors *httpx.Cursors
}

var _ operators.Operations = api{}

// New returns the module's operations, over those of the platform.
func New(deps service.Deps, _ operators.Means) (operators.Operations, error) {
	return api{deps.Operations, deps.Audit, deps.Cursors}, nil
}

// OutboxStatus implements operators.Operations.
func (a api) OutboxStatus(ctx context.Context, _ command.Caller, _ operators.OutboxStatus) (operators.OutboxStatusResult, error) {
	s, err := a.Outbox(ctx)
	return operators.OutboxStatusResult{
		Active: s.Active, Position: s.Position.String(), Published: s.Published, Lag: s.Lag, LastError: s.LastError, UpdatedAt: s.UpdatedAt,
	}, err
}

// ListInbox implements operators.Operations.
func (a api) ListInbox(ctx context.Context, _ command.Caller, in operators.ListInbox) (operators.ListInboxResult, error) {
	found, err := a.Inbox(ctx, optional.Value(in.Consumer), in.Event, in.Limit)
	return operators.ListInboxResult{Items: each(found, func(h operations.Handled) operators.HandledEvent { return operators.HandledEvent(h) })}, err
}

// each converts all items of a list, which is never null in an answer.
func each[A, B any](items []A, convert func(A) B) []B {
	out := make([]B, len(items))
	for i, item := range items {
		out[i] = convert(item)
	}
	return out
}
