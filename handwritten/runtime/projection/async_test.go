package projection_test

import (
	"context"
	"errors"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// counts is a counter in PostgreSQL: it would double on redelivery.
func counts(hash string) projection.AsyncDefinition {
	return projection.AsyncDefinition{
		Module: "test", Name: "counts", Hash: hash, Tables: []string{"public.counts"},
		Decode: func(e *event.Recorded) (event.Data, error) {
			if e.Type != outboxtest.CountedType {
				return nil, nil
			}
			return outboxtest.Counted{N: len(e.Payload)}, nil
		},
		Apply: func(ctx context.Context, tx pgx.Tx, e *event.Recorded, _ event.Data) error {
			_, err := tx.Exec(ctx, `INSERT INTO counts AS c VALUES ($1, 1) ON CONFLICT (stream_id) DO UPDATE SET events = c.events + 1`, e.Stream.ID)
			if err != nil {
				return err
			}
			if string(e.Payload) == `{"n":13}` {
				return errors.New("thirteen cannot be counted")
			}
			return nil
		},
	}
}

func TestAsyncCountsOnceAndRebuilds(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	outboxtest.Go(t, p.Relay(t, p.Store).Run)
	super, err := pgx.Connect(t.Context(), p.URL)
	check(t, err)
	defer super.Close(context.Background())
	_, err = super.Exec(t.Context(), `CREATE TABLE counts (stream_id uuid PRIMARY KEY, events int NOT NULL); GRANT ALL ON counts TO oksai_writer; GRANT SELECT ON counts TO oksai_reader`)
	check(t, err)
	b := bench{events: p.Store, Config: projection.Config{
		Log: p.Store, Partitions: p.Bus.PartitionCount(), Store: projection.NewStore(p.Store.Writer(), p.Store.Reader(), time.Now), Logger: outboxtest.Logger(t),
	}}
	good, bad := outboxtest.Stream(uuid.New()), outboxtest.Stream(uuid.New())
	p.Append(t, good, 0, 1, 2, 3)

	a := projection.NewAsync(counts("11111111"), b.Config)
	var stumble atomic.Int64
	handler := consume.HandlerFunc(func(ctx context.Context, batch *consume.Batch) error {
		if stumble.Add(1)%3 == 0 {
			// The batch takes effect, but the process does not get to know it.
			return errors.Join(a.Handle(ctx, batch), errors.New("stumbled"))
		}
		return a.Handle(ctx, batch)
	})
	consumer := consume.New(consume.Config{
		Name: a.Consumer(), Bus: p.Bus, Store: p.Store, Handler: handler, BatchSize: 4, Linger: time.Millisecond, Logger: outboxtest.Logger(t),
	})
	outboxtest.Go(t, func(ctx context.Context) error { return a.Run(ctx, consumer.Run) })
	p.Append(t, bad, 0, 1, 13, 3, 4)
	p.Append(t, good, 3, 4, 5, 6, 7, 8)
	want := map[uuid.UUID]int{good.ID: 8, bad.ID: 1}
	settled := func() bool { return maps.Equal(counted(t, p), want) && letters(t, b, "parked") == 1 }
	outboxtest.Eventually(t, "each event is counted once, the poisoned stream up to its poison", settled)

	check(t, a.Rebuild(t.Context()))
	same(t, "rebuilt", want, counted(t, p))
	p.Append(t, good, 8, 9)
	want[good.ID] = 9
	outboxtest.Eventually(t, "it goes on live after the rebuild", settled)

	// A new version takes the tables over; the old one cannot write any more.
	check(t, projection.NewAsync(counts("22222222"), b.Config).Ensure(t.Context()))
	same(t, "the new version", want, counted(t, p))
	if c, err := p.Store.LoadCheckpoint(t.Context(), a.Consumer(), 0); err != nil || !c.Position.IsZero() {
		t.Errorf("the old version's checkpoint is %+v, %v; want none", c, err)
	}
}

func counted(t testing.TB, p *outboxtest.Platform) map[uuid.UUID]int {
	t.Helper()
	rows, err := p.Store.Reader().Query(t.Context(), `SELECT stream_id, events FROM counts`)
	check(t, err)
	all := map[uuid.UUID]int{}
	var id uuid.UUID
	var events int
	_, err = pgx.ForEachRow(rows, []any{&id, &events}, func() error {
		all[id] = events
		return nil
	})
	check(t, err)
	return all
}
