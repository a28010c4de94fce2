package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// Change is what folding needs of a recorded event.
type Change struct {
	Version       int64
	Position      event.Position
	Type          string
	SchemaVersion int
	Payload       []byte
	At            time.Time
}

// Changes returns what happened in a stream from a version on, at most limit
// events of it. A stream of another module, type or tenant has none.
func (s *Store) Changes(ctx context.Context, stream event.Stream, fromVersion int64, limit int32) ([]Change, error) {
	return s.changes(ctx, stream, db.ReadChangesParams{FromVersion: fromVersion, Page: limit})
}

// ChangesAfterSnapshot returns the first limit events after the snapshot that
// the stream has in a schema; from the first event on if it has none. So a stream
// without one is read in one go.
func (s *Store) ChangesAfterSnapshot(ctx context.Context, stream event.Stream, schema string, limit int32) ([]Change, error) {
	return s.changes(ctx, stream, db.ReadChangesParams{Schema: schema, Page: limit})
}

func (s *Store) changes(ctx context.Context, stream event.Stream, p db.ReadChangesParams) ([]Change, error) {
	p.TenantID, p.StreamID, p.Module, p.StreamType = stream.Tenant, stream.ID, stream.Module, stream.Type
	rows, err := s.forTenants(stream.Tenant).ReadChanges(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("read stream %s.%s %s: %w", stream.Module, stream.Type, stream.ID, err)
	}
	changes := make([]Change, len(rows))
	for i, r := range rows {
		changes[i] = Change{
			Version: r.Version, Position: position(r.Epoch, r.Xid, r.Seq),
			Type: r.Type, SchemaVersion: int(r.SchemaVersion), Payload: r.Payload, At: r.At.UTC(),
		}
	}
	return changes, nil
}
