package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// perStream is how many events a stream gets before the client begins another.
const perStream = 10

// appends compares the store, which checks versions and tenants and commits
// together, with the least that can be done: one INSERT as a transaction of its
// own, prepared, with a connection for each client.
func appends(ctx context.Context, l *lab) (lines []line, err error) {
	store, database, closed, err := l.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closed()) }()
	for _, aim := range []struct {
		clients int
		target  float64
	}{{1, 0.9}, {16, 2}, {64, 3}} {
		d, err := l.compareAppends(ctx, store, database, aim.clients)
		if err != nil {
			return nil, err
		}
		lines = append(lines, ratio(fmt.Sprintf("append through the runtime, clients: %d", aim.clients), "INSERT by hand with pgx, one per transaction, same table", aim.target, d))
	}
	return lines, nil
}

func (l *lab) compareAppends(ctx context.Context, store *eventstore.Store, url string, count int) (duel, error) {
	pool, err := openPool(ctx, url, count)
	if err != nil {
		return duel{}, err
	}
	defer pool.Close()
	ours, theirs := newPens(count), newPens(count)
	return l.compare(ctx,
		clients(count, func(ctx context.Context, client int) error {
			stream, version := ours[client].next()
			_, err := store.Append(ctx, eventstore.Append{Stream: stream, Expected: version - 1, Events: []event.Data{payload}})
			return err
		}),
		clients(count, func(ctx context.Context, client int) error {
			stream, version := theirs[client].next()
			_, err := pool.Exec(ctx, insertByHand, uuid.New(), stream.Tenant, stream.ID, version, payload.AppendJSON(nil), time.Now())
			return err
		}))
}

var payload = job.JobCreated{Title: "a job to be done soon", Priority: job.PriorityNormal, Tags: []string{"some", "tags"}, CreatedAt: time.Now()}

const insertByHand = `INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type,
	schema_version, published, user_id, correlation_id, causation_id, trace, payload, at)
	VALUES (1, $1, $2, 'job', 'Job', $3, $4, 'job.JobCreated', 1, true, '', $1, $1, '', $5, $6)`

func openPool(ctx context.Context, url string, conns int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(conns)
	return pgxpool.NewWithConfig(ctx, config)
}

// pen writes one stream after the other, for one client.
type pen struct {
	stream  event.Stream
	version int64
}

func newPens(count int) []pen { return make([]pen, count) }

func (p *pen) next() (event.Stream, int64) {
	if p.version%perStream == 0 {
		p.stream, p.version = event.Stream{Module: "job", Type: "Job", Tenant: tenants[0], ID: uuid.New()}, 0
	}
	p.version++
	return p.stream, p.version
}

// tenants are those of the measurements.
var tenants = func() []uuid.UUID {
	ids := make([]uuid.UUID, 20)
	for i := range ids {
		ids[i] = uuid.New()
	}
	return ids
}()
