package operators

import (
	"context"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/operators"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/optional"
	"github.com/oksai/oksai/handwritten/runtime/query"
	signin "github.com/oksai/oksai/handwritten/runtime/signin/audit"
)

// audited notes in the audit trail what operators do, before it is done: nothing
// happens that is not noted.
type audited struct {
	api
	trail   *audit.Store
	cursors *httpx.Cursors
}

var _ operators.Operations = audited{}

func (a audited) note(ctx context.Context, by command.Caller, action string, tenant uuid.UUID, target string) error {
	return a.trail.RecordAlone(ctx, audit.Entry{
		Event: signin.Event{Kind: audit.OperatorActed, By: by.Subject, Tenant: tenant}, Action: action, Target: target,
	})
}

// PauseConsumer implements operators.Operations.
func (a audited) PauseConsumer(ctx context.Context, by command.Caller, in operators.PauseConsumer) (operators.PauseConsumerResult, error) {
	if err := a.note(ctx, by, "PauseConsumer", uuid.Nil, in.Name); err != nil {
		return operators.PauseConsumerResult{}, err
	}
	return a.api.PauseConsumer(ctx, by, in)
}

// ResumeConsumer implements operators.Operations.
func (a audited) ResumeConsumer(ctx context.Context, by command.Caller, in operators.ResumeConsumer) (operators.ResumeConsumerResult, error) {
	if err := a.note(ctx, by, "ResumeConsumer", uuid.Nil, in.Name); err != nil {
		return operators.ResumeConsumerResult{}, err
	}
	return a.api.ResumeConsumer(ctx, by, in)
}

// RebuildProjection implements operators.Operations.
func (a audited) RebuildProjection(ctx context.Context, by command.Caller, in operators.RebuildProjection) (operators.RebuildProjectionResult, error) {
	if err := a.note(ctx, by, "RebuildProjection", uuid.Nil, in.Name); err != nil {
		return operators.RebuildProjectionResult{}, err
	}
	return a.api.RebuildProjection(ctx, by, in)
}

// ReplayDeadLetters implements operators.Operations. A dry run does nothing.
func (a audited) ReplayDeadLetters(ctx context.Context, by command.Caller, in operators.ReplayDeadLetters) (operators.ReplayDeadLettersResult, error) {
	if !in.DryRun {
		if err := a.note(ctx, by, "ReplayDeadLetters", optional.Value(in.Tenant), in.Consumer); err != nil {
			return operators.ReplayDeadLettersResult{}, err
		}
	}
	return a.api.ReplayDeadLetters(ctx, by, in)
}

// DiscardDeadLetter implements operators.Operations.
func (a audited) DiscardDeadLetter(ctx context.Context, by command.Caller, in operators.DiscardDeadLetter) error {
	if err := a.note(ctx, by, "DiscardDeadLetter", in.Tenant, in.Consumer+" "+in.Event.String()); err != nil {
		return err
	}
	return a.api.DiscardDeadLetter(ctx, by, in)
}

// ListAudit implements operators.Operations.
func (a audited) ListAudit(ctx context.Context, _ command.Caller, in operators.ListAudit) (operators.ListAuditResult, error) {
	scope := query.Platform()
	if in.Tenant != nil {
		scope = query.Tenant(*in.Tenant)
	}
	filter := audit.Filter{
		Kind: signin.Kind(optional.Value(in.Kind)), By: optional.Value(in.By), User: optional.Value(in.User), Since: optional.Value(in.Since), Until: optional.Value(in.Until),
	}
	page, err := a.trail.List(ctx, a.cursors, scope, filter, audit.PageRequest{Limit: int(in.Limit), Cursor: optional.Value(in.Cursor)})
	return operators.ListAuditResult{Items: each(page.Items, entry), Next: optional.Known(page.Next)}, err
}

func entry(e audit.Entry) operators.AuditEntry {
	return operators.AuditEntry{
		ID: e.ID, Kind: string(e.Kind), At: e.At, Tenant: optional.Known(e.Tenant), By: e.By, User: e.User, Session: optional.Known(e.Session),
		Key: e.Key, Source: e.Source, Action: e.Action, Target: e.Target,
	}
}
