package reaction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// DeadLetters is what operators do with events that could not be handled.
type DeadLetters struct {
	store     *eventstore.Store
	clock     func() time.Time
	reactions map[string]Definition
}

// NewDeadLetters gives access to the dead letters of all consumers; those of the
// given reactions can be replayed.
func NewDeadLetters(store *eventstore.Store, clock func() time.Time, reactions ...Definition) *DeadLetters {
	d := &DeadLetters{store: store, clock: clock, reactions: map[string]Definition{}}
	for _, reaction := range reactions {
		d.reactions[reaction.Name] = reaction
	}
	return d
}

// Letter is one event that a consumer could not handle.
type Letter struct {
	Consumer string          `json:"consumer"`
	Event    uuid.UUID       `json:"event"`
	Tenant   uuid.UUID       `json:"tenant"`
	Stream   uuid.UUID       `json:"stream"`
	Code     string          `json:"code"`
	Error    string          `json:"error"`
	Attempts int             `json:"attempts"`
	FirstAt  time.Time       `json:"first_at"`
	LastAt   time.Time       `json:"last_at"`
	Status   string          `json:"status"` // parked, replayed or discarded
	Record   json.RawMessage `json:"record"` // the event as it came
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
		SELECT consumer, event_id, tenant_id, stream_id, code, error, attempts, first_at, last_at, status, record FROM oksai.dead_letters
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
	// ErrElsewhere: the reaction is another app's, or there is none.
	ErrElsewhere = errors.New("it is no reaction of this app")
	// ErrProjection: a projection folds an event again only with all others.
	ErrProjection = errors.New("what a projection could not take is mended by a rebuild")
	// ErrNotParked: it was never parked, or is no more.
	ErrNotParked = errors.New("it is not parked; list the dead letters to see what is")
)

// reaction finds the reaction whose letters are to be handled.
func (d *DeadLetters) reaction(consumer string) (Definition, error) {
	if isProjection(consumer) {
		return Definition{}, fmt.Errorf("%s: %w", consumer, ErrProjection)
	}
	definition, known := d.reactions[consumer]
	if !known {
		return definition, fmt.Errorf("%q: %w", consumer, ErrElsewhere)
	}
	return definition, nil
}

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
			UPDATE oksai.dead_letters SET status = 'discarded', last_at = $4
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

// ParkedStream is a stream that waits for a consumer, and how many of its events do.
type ParkedStream struct {
	Consumer string    `json:"consumer"`
	Tenant   uuid.UUID `json:"tenant"`
	Stream   uuid.UUID `json:"stream"`
	Events   int       `json:"events"`
}

// Parked lists the streams with a parked letter that the filter selects. A
// replay is of whole streams, so all of their parked events are counted.
func (d *DeadLetters) Parked(ctx context.Context, f Filter) ([]ParkedStream, error) {
	f.Status = "parked"
	rows, err := d.store.Reader().Query(ctx, `
		SELECT consumer, tenant_id, stream_id, count(*) FROM oksai.dead_letters WHERE status = 'parked' AND (consumer, tenant_id, stream_id) IN (
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

// Replayed tells what a replay did.
type Replayed struct {
	// Events were handled.
	Events int `json:"events"`
	// Streams are still parked because one of their events failed again.
	Streams int `json:"streams_still_parked"`
}

// Replay handles what is parked of the streams that Parked lists: whole streams,
// in order, each up to its first event that fails again. Consumers may run
// meanwhile.
func (d *DeadLetters) Replay(ctx context.Context, f Filter) (Replayed, error) {
	streams, err := d.Parked(ctx, f)
	if err != nil {
		return Replayed{}, err
	}
	var done Replayed
	for _, s := range streams {
		definition, err := d.reaction(s.Consumer)
		if err != nil {
			return done, fmt.Errorf("replay dead letters: %w", err)
		}
		handled, err := d.replayStream(ctx, definition, streamKey{s.Tenant, s.Stream})
		done.Events += handled
		if errors.Is(err, errFailedAgain) {
			done.Streams++
		} else if err != nil {
			return done, err
		}
	}
	return done, nil
}

var errFailedAgain = errors.New("the event failed again")

func (d *DeadLetters) replayStream(ctx context.Context, definition Definition, stream streamKey) (handled int, err error) {
	for {
		found, err := d.replayNext(ctx, definition, stream)
		if err != nil || !found {
			return handled, err
		}
		handled++
	}
}

// replayNext handles the stream's first parked event. Marking it waits for
// events being parked behind it, so the last one marked leaves none behind.
func (d *DeadLetters) replayNext(ctx context.Context, definition Definition, stream streamKey) (found bool, err error) {
	var id uuid.UUID
	var record []byte
	err = d.store.Reader().QueryRow(ctx, `
		SELECT event_id, record FROM oksai.dead_letters
		WHERE tenant_id = $1 AND consumer = $2 AND stream_id = $3 AND status = 'parked'
		ORDER BY epoch, xid, seq LIMIT 1`, stream.tenant, definition.Name, stream.id).Scan(&id, &record)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the next parked event of stream %s: %w", stream.id, err)
	}
	e, failure := open(definition, record)
	if failure == nil {
		failure = call(ctx, definition, e)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err := d.mark(ctx, definition.Name, stream, id, failure); err != nil {
		return false, err
	}
	if failure != nil {
		return false, fmt.Errorf("%w: %w", errFailedAgain, failure)
	}
	return true, nil
}

func open(definition Definition, record []byte) (event.Recorded, error) {
	var e envelope
	if err := json.Unmarshal(record, &e); err != nil {
		return event.Recorded{}, fmt.Errorf("read a dead letter: %w", err)
	}
	if definition.Topic != "" {
		return Foreign(e.record())
	}
	return bus.Decode(e.record())
}

func (d *DeadLetters) mark(ctx context.Context, consumer string, stream streamKey, id uuid.UUID, failure error) error {
	set, args := `status = 'replayed'`, []any{stream.tenant, consumer, id, d.clock().UTC()}
	if failure != nil {
		set, args = `code = $5, error = $6`, append(args, code(failure), failure.Error())
	}
	err := d.store.InTenants(ctx, []uuid.UUID{stream.tenant}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE oksai.dead_letters SET attempts = attempts + 1, last_at = $4, `+set+`
			WHERE tenant_id = $1 AND consumer = $2 AND event_id = $3 AND status = 'parked'`, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark event %s of %s: %w", id, consumer, err)
	}
	return nil
}
