package operations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/event"
)

// Stream is the life of one aggregate, in short.
type Stream struct {
	Tenant uuid.UUID `json:"tenant"`
	ID     uuid.UUID `json:"id"`
	// Type is the module's and the aggregate's name, e.g. "job.Job".
	Type      string    `json:"type"`
	Version   int64     `json:"version"`
	BeganAt   time.Time `json:"began_at"`
	ChangedAt time.Time `json:"changed_at"`
}

// StreamFilter selects streams of a tenant; what is zero selects all.
type StreamFilter struct {
	Tenant uuid.UUID
	Type   string
	// After is the last id of the page before.
	After uuid.UUID
	Limit int64
}

// Streams lists a tenant's streams by id.
func (o *Operations) Streams(ctx context.Context, f StreamFilter) ([]Stream, error) {
	rows, err := o.config.Store.Reader().Query(ctx, `
		SELECT first.tenant_id, first.stream_id, first.module || '.' || first.stream_type, last.version, first.at, last.at
		FROM oksai.events first, LATERAL (
			SELECT version, at FROM oksai.events WHERE tenant_id = first.tenant_id AND stream_id = first.stream_id ORDER BY version DESC LIMIT 1) last
		WHERE first.tenant_id = $1 AND first.version = 1 AND first.stream_id > $2 AND ($3 = '' OR first.module || '.' || first.stream_type = $3)
		ORDER BY first.stream_id LIMIT $4`, f.Tenant, f.After, f.Type, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list streams of tenant %s: %w", f.Tenant, err)
	}
	streams, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Stream])
	if err != nil {
		return nil, fmt.Errorf("list streams of tenant %s: %w", f.Tenant, err)
	}
	return streams, nil
}

// History returns a stream's events from a version on, at most limit of them (0: all).
func (o *Operations) History(ctx context.Context, tenant, id uuid.UUID, from, limit int64) ([]Event, error) {
	stream := event.Stream{Tenant: tenant, ID: id}
	err := o.config.Store.Reader().QueryRow(ctx, `SELECT module, stream_type FROM oksai.events WHERE tenant_id = $1 AND stream_id = $2 LIMIT 1`, tenant, id).
		Scan(&stream.Module, &stream.Type)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("tenant %s has no stream %s (%w): an aggregate's id is its stream's, and a tenant is its own tenant", tenant, id, ErrUnknown)
	}
	if err != nil {
		return nil, fmt.Errorf("look for stream %s: %w", id, err)
	}
	recorded, err := o.config.Store.Read(ctx, stream, from, limit)
	if err != nil {
		return nil, err
	}
	events := make([]Event, len(recorded))
	for i, e := range recorded {
		events[i] = seen(e)
	}
	return events, nil
}
