package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// letterCode is the code under which operators find a read model's letters.
const letterCode = "PROJECTION_FAILED"

// Store is what projections keep in PostgreSQL: which read models are built,
// which streams they left out, and, through a rebuild, their checkpoints.
type Store struct {
	writer, reader *pgxpool.Pool
	clock          func() time.Time
}

// NewStore uses the event store's pools: writer for the role that is bound to
// tenants, reader for the one that reads all of them.
func NewStore(writer, reader *pgxpool.Pool, clock func() time.Time) *Store {
	return &Store{writer: writer, reader: reader, clock: clock}
}

// parked returns the streams that the consumer left out, each with the first
// position it did not take.
func (s *Store) parked(ctx context.Context, consumer string) (map[uuid.UUID]event.Position, error) {
	rows, err := s.reader.Query(ctx, `
		SELECT DISTINCT ON (stream_id) stream_id, epoch, xid, seq FROM oksai.dead_letters
		WHERE consumer = $1 AND status = 'parked' ORDER BY stream_id, epoch, xid, seq`, consumer)
	if err != nil {
		return nil, fmt.Errorf("read parked streams of %s: %w", consumer, err)
	}
	since := map[uuid.UUID]event.Position{}
	var stream uuid.UUID
	var p event.Position
	_, err = pgx.ForEachRow(rows, []any{&stream, &p.Epoch, &p.XID, &p.Seq}, func() error {
		since[stream] = p
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read parked streams of %s: %w", consumer, err)
	}
	return since, nil
}

// park stores letters in a transaction of its own. Parking an event again
// counts one more attempt.
func (s *Store) park(ctx context.Context, consumer string, letters []Letter) error {
	return pgx.BeginFunc(ctx, s.writer, func(tx pgx.Tx) error { return s.parkIn(ctx, tx, consumer, letters) })
}

func (s *Store) parkIn(ctx context.Context, tx pgx.Tx, consumer string, letters []Letter) error {
	tenants := make([]uuid.UUID, len(letters))
	batch := &pgx.Batch{}
	for i, l := range letters {
		tenants[i] = l.Event.Stream.Tenant
		record, err := record(l.Event)
		if err != nil {
			return fmt.Errorf("park %s %s: %w", l.Event.Type, l.Event.ID, err)
		}
		e, p := l.Event, l.Event.Position
		batch.Queue(`
			INSERT INTO oksai.dead_letters AS d (consumer, event_id, tenant_id, stream_id, epoch, xid, seq, code, error, attempts, first_at, last_at, status, record)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10, 'parked', $11)
			ON CONFLICT (tenant_id, consumer, event_id) DO UPDATE
			SET attempts = d.attempts + 1, last_at = EXCLUDED.last_at, error = EXCLUDED.error, status = 'parked'`,
			consumer, e.ID, e.Stream.Tenant, e.Stream.ID, p.Epoch, p.XID, p.Seq, letterCode, l.Err.Error(), s.clock(), record)
	}
	if err := actFor(ctx, tx, tenants); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("park %d events of %s: %w", len(letters), consumer, err)
	}
	return nil
}

// actFor names the tenants whose rows the transaction may touch.
func actFor(ctx context.Context, tx pgx.Tx, tenants []uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT set_config('oksai.tenants', $1::uuid[]::text, true)`, tenants); err != nil {
		return fmt.Errorf("name the transaction's tenants: %w", err)
	}
	return nil
}

// record is the event as operators see it beside the error.
func record(e event.Recorded) ([]byte, error) {
	return json.Marshal(struct {
		ID            uuid.UUID       `json:"id"`
		Type          string          `json:"type"`
		SchemaVersion int             `json:"schema_version"`
		Module        string          `json:"module"`
		StreamType    string          `json:"stream_type"`
		StreamID      uuid.UUID       `json:"stream_id"`
		Tenant        uuid.UUID       `json:"tenant_id"`
		Version       int64           `json:"version"`
		Position      string          `json:"position"`
		At            time.Time       `json:"at"`
		User          string          `json:"user_id"`
		Correlation   uuid.UUID       `json:"correlation_id"`
		Payload       json.RawMessage `json:"payload"`
	}{
		e.ID, e.Type, e.SchemaVersion, e.Stream.Module, e.Stream.Type, e.Stream.ID, e.Stream.Tenant,
		e.Version, e.Position.String(), e.At, e.Metadata.User, e.Metadata.Correlation, payload(e.Payload),
	})
}

// payload keeps a payload that is not JSON at all: it may be what poisons the event.
func payload(b []byte) json.RawMessage {
	if json.Valid(b) {
		return b
	}
	text, _ := json.Marshal(string(b)) // a string always has a JSON form
	return text
}
