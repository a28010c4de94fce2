package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

const (
	eventsPage = 500
	// followEvery is how long a new event may take to be shown.
	followEvery = 250 * time.Millisecond
)

// Event is a recorded event as operators see it.
type Event struct {
	Position    event.Position  `json:"position"`
	ID          uuid.UUID       `json:"id"`
	Type        string          `json:"type"`
	Schema      int             `json:"schema_version"`
	Tenant      uuid.UUID       `json:"tenant"`
	StreamType  string          `json:"stream_type"`
	Stream      uuid.UUID       `json:"stream"`
	Version     int64           `json:"version"`
	At          time.Time       `json:"at"`
	By          string          `json:"by"`
	Correlation uuid.UUID       `json:"correlation"`
	Causation   uuid.UUID       `json:"causation"`
	Data        json.RawMessage `json:"data"`
}

func seen(e event.Recorded) Event {
	return Event{
		Position: e.Position, ID: e.ID, Type: e.Type, Schema: e.SchemaVersion,
		Tenant: e.Stream.Tenant, StreamType: e.Stream.Module + "." + e.Stream.Type, Stream: e.Stream.ID, Version: e.Version,
		At: e.At, By: e.Metadata.User, Correlation: e.Metadata.Correlation, Causation: e.Metadata.Causation, Data: e.Payload,
	}
}

// EventFilter selects events; what is empty selects all.
type EventFilter struct {
	Tenant *uuid.UUID
	Module string
}

func (f EventFilter) selects(e event.Recorded) bool {
	return (f.Tenant == nil || *f.Tenant == e.Stream.Tenant) && (f.Module == "" || f.Module == e.Stream.Module)
}

// Events hands the events after a position to show, in log order, up to the
// head of the log; with follow it goes on with those that come, until the
// context ends.
func (o *Operations) Events(ctx context.Context, f EventFilter, after event.Position, follow bool, show func(Event) error) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		page, err := o.config.Store.ReadLog(ctx, after, eventsPage)
		if err != nil {
			return err
		}
		for _, e := range page {
			if after = e.Position; !f.selects(e) {
				continue
			}
			if err := show(seen(e)); err != nil {
				return err
			}
		}
		if len(page) > 0 {
			continue
		}
		if !follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// BeforeLast is the position after which n of the selected events come, or the
// log's beginning if it has fewer.
func (o *Operations) BeforeLast(ctx context.Context, f EventFilter, n int) (p event.Position, err error) {
	err = o.config.Store.Reader().QueryRow(ctx, `
		SELECT epoch, xid, seq FROM oksai.events WHERE ($1::uuid IS NULL OR tenant_id = $1) AND ($2 = '' OR module = $2)
		ORDER BY epoch DESC, xid DESC, seq DESC OFFSET $3 LIMIT 1`, f.Tenant, f.Module, n).Scan(&p.Epoch, &p.XID, &p.Seq)
	if errors.Is(err, pgx.ErrNoRows) {
		return event.Position{}, nil
	}
	if err != nil {
		return event.Position{}, fmt.Errorf("find the last %d events: %w", n, err)
	}
	return p, nil
}
