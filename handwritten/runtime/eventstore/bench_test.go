package eventstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// BenchmarkAppend compares the store with what a person would write by hand with
// pgx for the same table and the same durability: "insert" is one INSERT as a
// transaction of its own, with no check of the version, no key and no row-level
// security: the least that can be done.
func BenchmarkAppend(b *testing.B) {
	url := durable(b)
	store, _ := startAt(b, url, nil)
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = 64
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	for _, clients := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("store/clients=%d", clients), func(b *testing.B) {
			appendFrom(b, clients, func(ctx context.Context, tenant, id uuid.UUID, version int64) error {
				stream := newStream(tenant)
				stream.ID = id
				_, err := store.Append(ctx, eventstore.Append{Stream: stream, Expected: version - 1, Events: events(1)})
				return err
			})
		})
		b.Run(fmt.Sprintf("insert/clients=%d", clients), func(b *testing.B) {
			appendFrom(b, clients, func(ctx context.Context, tenant, id uuid.UUID, version int64) error {
				return insertByHand(ctx, pool, tenant, id, version)
			})
		})
	}
}

func insertByHand(ctx context.Context, db eventstore.DB, tenant, id uuid.UUID, version int64) error {
	_, err := db.Exec(ctx, `INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type,
		schema_version, published, user_id, correlation_id, causation_id, trace, payload, at)
		VALUES (1, $1, $2, 'test', 'Thing', $3, $4, 'test.Happened', 1, true, '', $5, $5, '', $6, $7)`,
		uuid.New(), tenant, id, version, uuid.Nil, happened{n: 1}.AppendJSON(nil), time.Now())
	return err
}

// appendFrom splits b.N appends over clients, each of which changes to a new
// stream after ten events.
func appendFrom(b *testing.B, clients int, add func(ctx context.Context, tenant, id uuid.UUID, version int64) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for range clients {
		wg.Go(func() {
			tenant, id, version := uuid.New(), uuid.New(), int64(0)
			for left.Add(-1) >= 0 {
				if version++; version > 10 {
					id, version = uuid.New(), 1
				}
				if err := add(b.Context(), tenant, id, version); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

// durable is the URL of a migrated database that waits for the disk at each
// commit. The tests' engine does not; waiting is what group commit shares.
func durable(b *testing.B) string {
	engines, err := embedded.Start(b.Context(), embedded.Options{Dir: b.TempDir(), Postgres: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := engines.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	if err := eventstore.Migrate(b.Context(), engines.PostgresURL); err != nil {
		b.Fatal(err)
	}
	return engines.PostgresURL
}
