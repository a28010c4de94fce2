package access

import (
	"context"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/optional"
	"github.com/oksai/oksai/handwritten/runtime/query"
	signin "github.com/oksai/oksai/handwritten/runtime/signin/audit"
)

// ListSecurityEvents implements identity.Operations.
func (a *Access) ListSecurityEvents(ctx context.Context, by command.Caller, in identity.ListSecurityEvents) (identity.ListSecurityEventsResult, error) {
	filter := audit.Filter{Kind: signin.Kind(optional.Value(in.Kind)), User: optional.Value(in.User), Since: optional.Value(in.Since), Until: optional.Value(in.Until)}
	page, err := a.trail.List(ctx, a.cursors, query.Tenant(by.Tenant), filter, audit.PageRequest{Limit: int(in.Limit), Cursor: optional.Value(in.Cursor)})
	if err != nil {
		return identity.ListSecurityEventsResult{}, err
	}
	result := identity.ListSecurityEventsResult{Items: make([]identity.SecurityEvent, len(page.Items)), Next: optional.Known(page.Next)}
	for i, e := range page.Items {
		result.Items[i] = identity.SecurityEvent{
			ID: e.ID, Kind: string(e.Kind), At: e.At, By: e.By, User: e.User, Session: optional.Known(e.Session), Key: e.Key, Action: e.Action, Target: e.Target,
		}
	}
	return result, nil
}
