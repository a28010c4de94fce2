package reaction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// DeadLetters is what operators do with events that could not be handled, by
// whichever process.
type DeadLetters struct {
	store *eventstore.Store
	clock func() time.Time
}

// NewDeadLetters gives access to the dead letters of all consumers.
func NewDeadLetters(store *eventstore.Store, clock func() time.Time) *DeadLetters {
	return &DeadLetters{store, clock}
}

// Letter is one event that a consumer could not handle.
type Letter struct {
	Consumer string    `json:"consumer"`
	Event    uuid.UUID `json:"event"`
	Tenant   uuid.UUID `json:"tenant"`
	Stream   uuid.UUID `json:"stream"`
	Code     string    `json:"code"`
	Error    string    `json:"error"`
	Attempts int       `json:"attempts"`
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
	Status   string    `json:"status"` // parked, replayed or discarded
	// Wanted: an operator wishes that it be handled again, and no process has done so yet.
	Wanted bool            `json:"wanted"`
	Record json.RawMessage `json:"record"` // the event as it came
}

// Filter selects dead letters; what is empty selects all.
type Filter struct {
	Consumer string
	Tenant   *uuid.UUID
	Stream   *uuid.UUID
	Event    *uuid.UUID
	Code     string
	Status   string // parked, replayed or discarded
	// Limit bounds what List returns; 0 means 100.
	Limit int
}

const matching = `
	($1 = '' OR consumer = $1) AND ($2::uuid IS NULL OR tenant_id = $2) AND ($3::uuid IS NULL OR stream_id = $3)
	AND ($4 = '' OR code = $4) AND ($5 = '' OR status = $5) AND ($6::uuid IS NULL OR event_id = $6)`

func (f Filter) args() []any {
	return []any{f.Consumer, f.Tenant, f.Stream, f.Code, f.Status, f.Event}
}

// List returns dead letters in log order of each stream.
func (d *DeadLetters) List(ctx context.Context, f Filter) ([]Letter, error) {
	limit := f.Limit
	if limit == 0 {
		limit = 100
	}
	rows, err := d.store.Reader().Query(ctx, `
		SELECT consumer, event_id, tenant_id, stream_id, code, error, attempts, first_at, last_at, status, replay_at IS NOT NULL, record FROM oksai.dead_letters
		WHERE `+matching+` ORDER BY consumer, stream_id, epoch, xid, seq LIMIT $7`, append(f.args(), limit)...)
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Letter])
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	return all, nil
}

// Group counts the parked events of a consumer that failed alike.
type Group struct {
	Consumer string    `json:"consumer"`
	Code     string    `json:"code"`
	Count    int64     `json:"count"`
	Streams  int64     `json:"streams"`
	Oldest   time.Time `json:"oldest"`
	Example  string    `json:"example"` // the error of one of them
}

// Groups summarises what is parked, the largest group first.
func (d *DeadLetters) Groups(ctx context.Context) ([]Group, error) {
	rows, err := d.store.Reader().Query(ctx, `
		SELECT consumer, code, count(*), count(DISTINCT (tenant_id, stream_id)), min(first_at), min(error) FROM oksai.dead_letters
		WHERE status = 'parked' GROUP BY consumer, code ORDER BY count(*) DESC, consumer, code`)
	if err != nil {
		return nil, fmt.Errorf("group dead letters: %w", err)
	}
	groups, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Group])
	if err != nil {
		return nil, fmt.Errorf("group dead letters: %w", err)
	}
	return groups, nil
}

// What cannot be done with a dead letter.
var (
	// ErrProjection: a projection folds an event again only with all others.
	ErrProjection = errors.New("what a projection could not take is mended by a rebuild")
	// ErrNotParked: it was never parked, or is no more.
	ErrNotParked = errors.New("it is not parked; list the dead letters to see what is")
)

// isProjection: the names of read models have their version.
func isProjection(consumer string) bool { return strings.Contains(consumer, "@") }

// Discard gives a reaction's parked event up: it will not be handled, and its
// stream goes on with a replay of what is parked behind it.
func (d *DeadLetters) Discard(ctx context.Context, consumer string, tenant, eventID uuid.UUID) error {
	if isProjection(consumer) {
		return fmt.Errorf("discard event %s of %s: %w", eventID, consumer, ErrProjection)
	}
	return d.store.InTenants(ctx, []uuid.UUID{tenant}, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE oksai.dead_letters SET status = 'discarded', replay_at = NULL, last_at = $4
			WHERE tenant_id = $1 AND consumer = $2 AND event_id = $3 AND status = 'parked'`, tenant, consumer, eventID, d.clock().UTC())
		if err != nil {
			return fmt.Errorf("discard event %s of %s: %w", eventID, consumer, err)
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("discard event %s of %s: %w", eventID, consumer, ErrNotParked)
		}
		return nil
	})
}

// ParkedStream is a stream that waits for a consumer.
type ParkedStream struct {
	Consumer string    `json:"consumer"`
	Tenant   uuid.UUID `json:"tenant"`
	Stream   uuid.UUID `json:"stream"`
	// Events of it are parked; of these, Wanted are to be handled again.
	Events int `json:"events"`
	Wanted int `json:"wanted"`
}

// Same reports whether both are one stream of one consumer.
func (s ParkedStream) Same(other ParkedStream) bool {
	return s.Consumer == other.Consumer && s.Tenant == other.Tenant && s.Stream == other.Stream
}

// Parked lists the streams with a parked letter that the filter selects, and
// counts all their parked events.
func (d *DeadLetters) Parked(ctx context.Context, f Filter) ([]ParkedStream, error) {
	f.Status = "parked"
	rows, err := d.store.Reader().Query(ctx, `
		SELECT consumer, tenant_id, stream_id, count(*), count(replay_at)
		FROM oksai.dead_letters WHERE status = 'parked' AND (consumer, tenant_id, stream_id) IN (
			SELECT consumer, tenant_id, stream_id FROM oksai.dead_letters WHERE `+matching+`)
		GROUP BY consumer, tenant_id, stream_id ORDER BY consumer, tenant_id, stream_id`, f.args()...)
	if err != nil {
		return nil, fmt.Errorf("list the parked streams: %w", err)
	}
	streams, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ParkedStream])
	if err != nil {
		return nil, fmt.Errorf("list the parked streams: %w", err)
	}
	return streams, nil
}

// Replayable lists what Replay would have handled again.
func (d *DeadLetters) Replayable(ctx context.Context, f Filter) ([]ParkedStream, error) {
	if isProjection(f.Consumer) {
		return nil, fmt.Errorf("%s: %w", f.Consumer, ErrProjection)
	}
	streams, err := d.Parked(ctx, f)
	return slices.DeleteFunc(streams, func(s ParkedStream) bool { return isProjection(s.Consumer) }), err
}

// Replay wishes that the streams which Replayable lists be handled again, whole
// and in order, by whichever processes have the reactions: see Replayer. It does
// not wait for them.
func (d *DeadLetters) Replay(ctx context.Context, f Filter) ([]ParkedStream, error) {
	streams, err := d.Replayable(ctx, f)
	if err != nil || len(streams) == 0 {
		return streams, err
	}
	var consumers []string
	var tenants, ids []uuid.UUID
	for _, s := range streams {
		consumers, tenants, ids = append(consumers, s.Consumer), append(tenants, s.Tenant), append(ids, s.Stream)
	}
	err = d.store.InTenants(ctx, tenants, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE oksai.dead_letters l SET replay_at = coalesce(l.replay_at, $4)
			FROM ROWS FROM (unnest($1::text[]), unnest($2::uuid[]), unnest($3::uuid[])) AS s(consumer, tenant_id, stream_id)
			WHERE l.consumer = s.consumer AND l.tenant_id = s.tenant_id AND l.stream_id = s.stream_id AND l.status = 'parked'`,
			consumers, tenants, ids, d.clock().UTC())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("have dead letters replayed: %w", err)
	}
	return streams, nil
}
