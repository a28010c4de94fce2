package operations

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// Handled is an event that a reaction has handled: its place in the inbox.
type Handled struct {
	Consumer string    `json:"consumer"`
	Event    uuid.UUID `json:"event"`
	Tenant   uuid.UUID `json:"tenant"`
	// Stream is what the reaction's command changed, to Version.
	Stream  uuid.UUID `json:"stream"`
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
}

// Inbox lists what reactions have handled, newest first: of one consumer unless
// that is empty, and one event unless that is nil. The inbox forgets what is old.
func (o *Operations) Inbox(ctx context.Context, consumer string, id *uuid.UUID, limit int64) ([]Handled, error) {
	rows, err := o.config.Store.Reader().Query(ctx, `
		SELECT substr(scope, length($1) + 1), name::uuid, tenant_id, stream_id, version, at FROM oksai.keys
		WHERE starts_with(scope, $1) AND ($2 = '' OR scope = $1 || $2) AND ($3::uuid IS NULL OR name = $3::text)
		ORDER BY at DESC, name LIMIT $4`, reaction.InboxScope, consumer, id, limit)
	if err != nil {
		return nil, fmt.Errorf("list the inbox: %w", err)
	}
	handled, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Handled])
	if err != nil {
		return nil, fmt.Errorf("list the inbox: %w", err)
	}
	return handled, nil
}
