package eventstore

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// Head returns the version of a tenant's stream; 0 if the tenant has none with this id.
func (s *Store) Head(ctx context.Context, tenant, id uuid.UUID) (int64, error) {
	version, _, err := first(s.forTenants(tenant).Head(ctx, db.HeadParams{TenantID: tenant, StreamID: id}))
	if err != nil {
		return 0, fmt.Errorf("read the version of stream %s: %w", id, err)
	}
	return version, nil
}

// Read returns a stream's events from a version on, at most limit of them (0:
// all). A stream of another module, type or tenant has none.
func (s *Store) Read(ctx context.Context, stream event.Stream, fromVersion, limit int64) ([]event.Recorded, error) {
	if limit <= 0 || limit > math.MaxInt32 {
		limit = math.MaxInt32
	}
	rows, err := s.forTenants(stream.Tenant).ReadStream(ctx, db.ReadStreamParams{
		TenantID: stream.Tenant, StreamID: stream.ID, Module: stream.Module, StreamType: stream.Type, FromVersion: fromVersion, Page: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("read stream %s.%s %s: %w", stream.Module, stream.Type, stream.ID, err)
	}
	return recorded(rows), nil
}

// FindKey returns the answer that was remembered with a key, and the hash of
// the content it came with.
func (s *Store) FindKey(ctx context.Context, tenant uuid.UUID, scope, name string) (result Result, hash [32]byte, found bool, err error) {
	row, found, err := first(s.forTenants(tenant).FindKey(ctx, db.FindKeyParams{TenantID: tenant, Scope: scope, Name: name}))
	if err != nil {
		return Result{}, hash, false, fmt.Errorf("look up key %q of %s: %w", name, scope, err)
	}
	if !found {
		return Result{}, hash, false, nil
	}
	result = Result{StreamID: row.StreamID, Version: row.Version, Position: position(row.Epoch, row.Xid, row.Seq), Replayed: true}
	return result, [32]byte(row.Hash), true, nil
}

// Snapshot is a stream's state at a version, in the encoding named by Schema.
type Snapshot struct {
	Version int64
	Schema  string
	State   []byte
}

// SaveSnapshot keeps a stream's state, so that fewer events must be read. An
// older version never replaces a newer one of the same schema.
func (s *Store) SaveSnapshot(ctx context.Context, stream event.Stream, version int64, schema string, state []byte) error {
	err := s.forTenants(stream.Tenant).SaveSnapshot(ctx, db.SaveSnapshotParams{
		TenantID: stream.Tenant, StreamID: stream.ID, Version: version, Schema: schema, State: state,
	})
	if err != nil {
		return fmt.Errorf("save the snapshot of stream %s at version %d: %w", stream.ID, version, err)
	}
	return nil
}

// LoadSnapshot returns the newest snapshot of a stream, if there is one. The
// caller ignores one of a schema it does not know.
func (s *Store) LoadSnapshot(ctx context.Context, stream event.Stream) (snapshot Snapshot, found bool, err error) {
	row, found, err := first(s.forTenants(stream.Tenant).LoadSnapshot(ctx, db.LoadSnapshotParams{TenantID: stream.Tenant, StreamID: stream.ID}))
	if err != nil {
		return Snapshot{}, false, fmt.Errorf("load the snapshot of stream %s: %w", stream.ID, err)
	}
	return Snapshot(row), found, nil
}

// first is the one row of a statement that finds one or none.
func first[T any](rows []T, err error) (row T, found bool, _ error) {
	if err != nil || len(rows) == 0 {
		return row, false, err
	}
	return rows[0], true, nil
}

func recorded(rows []db.OksaiEvent) []event.Recorded {
	events := make([]event.Recorded, len(rows))
	for i, r := range rows {
		events[i] = event.Recorded{
			ID:       r.EventID,
			Stream:   event.Stream{Module: r.Module, Type: r.StreamType, Tenant: r.TenantID, ID: r.StreamID},
			Version:  r.Version,
			Position: position(r.Epoch, r.Xid, r.Seq),
			Type:     r.Type, SchemaVersion: int(r.SchemaVersion), Published: r.Published, Payload: r.Payload,
			Metadata: event.Metadata{User: r.UserID, Correlation: r.CorrelationID, Causation: r.CausationID, Trace: r.Trace},
			At:       r.At.UTC(),
		}
	}
	return events
}
