package reaction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

const (
	// replayEvery is how long a wish of an operator may take to be heeded.
	replayEvery = time.Second
	// replayLease is how long a process has an event for itself that it handles again.
	replayLease = time.Minute
)

// Replayer handles parked events of a process's reactions again where
// DeadLetters.Replay wishes it: whole streams, in order, each up to its first
// event that fails again. Of several processes that have a reaction, one handles
// an event; and if two did, the inbox lets it have its effect once.
type Replayer struct {
	Store     *eventstore.Store
	Reactions []Definition
	Clock     func() time.Time
	Logger    *slog.Logger
}

// Run fulfils wishes until the context ends, and then returns nil.
func (r Replayer) Run(ctx context.Context) error {
	tick := time.NewTicker(replayEvery)
	defer tick.Stop()
	for {
		if err := r.fulfil(ctx); err != nil && ctx.Err() == nil {
			r.Logger.Warn("dead letters could not be replayed, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// due is a stream with events that are to be handled again now.
type due struct {
	consumer string
	streamKey
}

func (r Replayer) fulfil(ctx context.Context) error {
	names := make([]string, len(r.Reactions))
	for i, d := range r.Reactions {
		names[i] = d.Name
	}
	rows, err := r.Store.Reader().Query(ctx, `
		SELECT DISTINCT consumer, tenant_id, stream_id FROM oksai.dead_letters
		WHERE status = 'parked' AND replay_at <= $1 AND consumer = ANY ($2)`, r.Clock().UTC(), names)
	if err != nil {
		return fmt.Errorf("list the dead letters to be replayed: %w", err)
	}
	streams, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d due, err error) {
		return d, row.Scan(&d.consumer, &d.tenant, &d.id)
	})
	if err != nil {
		return fmt.Errorf("list the dead letters to be replayed: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(defaultConcurrency)
	for _, stream := range streams {
		definition := r.Reactions[slices.Index(names, stream.consumer)]
		group.Go(func() error { return r.replay(ctx, definition, stream.streamKey) })
	}
	return group.Wait()
}

// replay handles the stream's parked events, until none is left, one fails, or
// another process has the next one.
func (r Replayer) replay(ctx context.Context, definition Definition, stream streamKey) error {
	for handled := 0; ; handled++ {
		id, record, found, err := r.claim(ctx, definition.Name, stream)
		if err != nil {
			return err
		}
		log := r.Logger.With("reaction", definition.Name, "stream", stream.id, "tenant", stream.tenant, "handled", handled)
		if !found && handled > 0 {
			log.Info("dead letters are replayed")
		}
		if !found {
			return nil
		}
		failure := handle(ctx, definition, record)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failure != nil {
			log.Error("a dead letter failed again: mend the cause, then replay it", "event", id, "error", failure)
			return r.fail(ctx, definition.Name, stream, id, failure)
		}
		if err := r.done(ctx, definition.Name, stream, id); err != nil {
			return err
		}
	}
}

// claim takes the stream's first parked event, if it is to be handled again and
// no other process does so. Only the first is ever taken, so the order holds.
func (r Replayer) claim(ctx context.Context, consumer string, stream streamKey) (id uuid.UUID, record []byte, found bool, err error) {
	now := r.Clock().UTC()
	err = r.in(ctx, stream, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			UPDATE oksai.dead_letters SET replay_at = $5
			WHERE tenant_id = $1 AND consumer = $2 AND status = 'parked' AND replay_at <= $4 AND event_id = (
				SELECT event_id FROM oksai.dead_letters WHERE tenant_id = $1 AND consumer = $2 AND stream_id = $3 AND status = 'parked'
				ORDER BY epoch, xid, seq LIMIT 1)
			RETURNING event_id, record`, stream.tenant, consumer, stream.id, now, now.Add(replayLease)).Scan(&id, &record)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return id, nil, false, nil
	}
	if err != nil {
		return id, nil, false, fmt.Errorf("take the next parked event of stream %s: %w", stream.id, err)
	}
	return id, record, true, nil
}

// done ends an event's parking. It waits for events that are being parked behind
// it, so that the last one ended leaves none behind.
func (r Replayer) done(ctx context.Context, consumer string, stream streamKey, id uuid.UUID) error {
	return r.mark(ctx, `
		UPDATE oksai.dead_letters SET status = 'replayed', replay_at = NULL, attempts = attempts + 1, last_at = $5
		WHERE tenant_id = $1 AND consumer = $2 AND stream_id = $3 AND event_id = $4 AND status = 'parked'`,
		stream, consumer, id, r.Clock().UTC())
}

// fail keeps an event's new failure, and ends the wish for its whole stream.
func (r Replayer) fail(ctx context.Context, consumer string, stream streamKey, id uuid.UUID, failure error) error {
	return r.mark(ctx, `
		UPDATE oksai.dead_letters SET replay_at = NULL,
			attempts = CASE event_id WHEN $4 THEN attempts + 1 ELSE attempts END, last_at = CASE event_id WHEN $4 THEN $5 ELSE last_at END,
			code = CASE event_id WHEN $4 THEN $6 ELSE code END, error = CASE event_id WHEN $4 THEN $7 ELSE error END
		WHERE tenant_id = $1 AND consumer = $2 AND stream_id = $3 AND status = 'parked'`,
		stream, consumer, id, r.Clock().UTC(), code(failure), failure.Error())
}

func (r Replayer) mark(ctx context.Context, sql string, stream streamKey, consumer string, id uuid.UUID, args ...any) error {
	err := r.in(ctx, stream, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, append([]any{stream.tenant, consumer, stream.id, id}, args...)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark event %s of %s: %w", id, consumer, err)
	}
	return nil
}

func (r Replayer) in(ctx context.Context, stream streamKey, do func(pgx.Tx) error) error {
	return r.Store.InTenants(ctx, []uuid.UUID{stream.tenant}, do)
}

// handle handles an event as a dead letter has it.
func handle(ctx context.Context, definition Definition, record []byte) error {
	e, err := open(definition, record)
	if err != nil {
		return err
	}
	return call(ctx, definition, e)
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
