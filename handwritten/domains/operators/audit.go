package operators

import (
	"context"

	"github.com/oksai/oksai/gen/operators"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/optional"
	"github.com/oksai/oksai/handwritten/runtime/query"
	signin "github.com/oksai/oksai/handwritten/runtime/signin/audit"
)

// ListAudit implements operators.Operations.
func (a api) ListAudit(ctx context.Context, _ command.Caller, in operators.ListAudit) (operators.ListAuditResult, error) {
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
