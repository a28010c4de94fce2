package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

const (
	foldStreams = 50
	foldEvents  = 100
)

// folds compares loading an aggregate, with neither cache nor snapshot, with one
// SELECT and encoding/json.
func folds(ctx context.Context, l *lab) (lines []line, err error) {
	store, database, closed, err := l.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closed()) }()
	pool, err := openPool(ctx, database, 8) // as many as the store has
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	ids, err := writeStreams(ctx, store)
	if err != nil {
		return nil, err
	}
	repo := command.NewRepository(store, job.JobAggregate(), command.WithCacheSize(1))
	turn := 0
	next := func() uuid.UUID { turn++; return ids[turn%len(ids)] }
	d, err := l.compare(ctx,
		clients(1, func(ctx context.Context, _ int) error {
			loaded, err := repo.Load(ctx, tenants[0], next())
			return errors.Join(err, sameTitle(loaded.State, err))
		}),
		clients(1, func(ctx context.Context, _ int) error {
			state, err := foldByHand(ctx, pool, tenants[0], next())
			return errors.Join(err, sameTitle(state, err))
		}))
	if err != nil {
		return nil, err
	}
	return []line{ratio(fmt.Sprintf("load and fold a stream of %d events, without cache and snapshot", foldEvents), "SELECT and encoding/json", 1.5, d)}, nil
}

const lastTitle = "title 98"

func sameTitle(state *job.Job, err error) error {
	if err == nil && state.Title != lastTitle {
		return fmt.Errorf("the fold ended with the title %q, want %q", state.Title, lastTitle)
	}
	return nil
}

// writeStreams writes streams whose events change a title and a priority in turn.
func writeStreams(ctx context.Context, store *eventstore.Store) ([]uuid.UUID, error) {
	events := []event.Data{payload}
	for i := 1; i < foldEvents; i++ {
		if i%2 == 0 {
			events = append(events, job.JobRetitled{Title: fmt.Sprint("title ", i)})
		} else {
			events = append(events, job.JobReprioritised{Priority: job.PriorityHigh})
		}
	}
	ids := make([]uuid.UUID, foldStreams)
	for i := range ids {
		ids[i] = uuid.New()
		stream := event.Stream{Module: "job", Type: "Job", Tenant: tenants[0], ID: ids[i]}
		if _, err := store.Append(ctx, eventstore.Append{Stream: stream, Events: events}); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func foldByHand(ctx context.Context, pool *pgxpool.Pool, tenant, id uuid.UUID) (*job.Job, error) {
	rows, err := pool.Query(ctx, `SELECT type, payload FROM oksai.events WHERE tenant_id = $1 AND stream_id = $2 ORDER BY version`, tenant, id)
	if err != nil {
		return nil, err
	}
	var state job.Job
	var kind string
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&kind, &raw}, func() error { return applyByHand(&state, kind, raw) })
	return &state, err
}

func applyByHand(state *job.Job, kind string, raw []byte) error {
	switch kind {
	case "job.JobCreated":
		var e struct {
			Title     string       `json:"title"`
			Priority  job.Priority `json:"priority"`
			Tags      []string     `json:"tags"`
			CreatedAt time.Time    `json:"created_at"`
		}
		err := json.Unmarshal(raw, &e)
		state.Title, state.Priority, state.Tags, state.CreatedAt = e.Title, e.Priority, e.Tags, e.CreatedAt
		return err
	case "job.JobRetitled":
		var e struct {
			Title string `json:"title"`
		}
		err := json.Unmarshal(raw, &e)
		state.Title = e.Title
		return err
	case "job.JobReprioritised":
		var e struct {
			Priority job.Priority `json:"priority"`
		}
		err := json.Unmarshal(raw, &e)
		state.Priority = e.Priority
		return err
	}
	return fmt.Errorf("no event %s is known", kind)
}
