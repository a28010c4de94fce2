package projection_test

import (
	"context"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// logOf is a log in memory.
type logOf []event.Recorded

func (l logOf) ReadLog(_ context.Context, after event.Position, limit int) ([]event.Recorded, error) {
	for i, e := range l {
		if e.Position.After(after) {
			return l[i:min(i+limit, len(l))], nil
		}
	}
	return nil, nil
}

// openClickHouse connects to a fresh database of the real engine.
func openClickHouse(t testing.TB) driver.Conn {
	t.Helper()
	conn, err := projection.Open(enginetest.ClickHouse(t))
	check(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func openStore(t testing.TB) *eventstore.Store {
	t.Helper()
	url := enginetest.Postgres(t)
	check(t, eventstore.Migrate(t.Context(), url))
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: url})
	check(t, err)
	t.Cleanup(store.Close)
	return store
}

// bench is one platform for a test: engines, and the configuration of runners.
type bench struct {
	projection.Config
	events *eventstore.Store
}

func newBench(t testing.TB, log projection.LogReader) bench {
	t.Helper()
	events := openStore(t)
	return bench{events: events, Config: projection.Config{
		ClickHouse: openClickHouse(t), Log: log, Partitions: 2,
		Store: projection.NewStore(events.Writer(), events.Reader(), time.Now),
	}}
}

// feed hands events to the runner in batches, as one partition whose checkpoint
// is always saved.
func feed(t testing.TB, r *projection.Runner, events []event.Recorded, size int) {
	t.Helper()
	var at event.Position
	for len(events) > 0 {
		b := batchOf(events[:min(size, len(events))], at)
		check(t, r.Handle(t.Context(), b))
		at, events = b.To, events[len(b.Events):]
	}
}

func batchOf(events []event.Recorded, from event.Position) *consume.Batch {
	return &consume.Batch{Events: events, From: from, To: events[len(events)-1].Position}
}

// dump reads a whole table, tombstones and positions too.
func dump[R any](t testing.TB, db driver.Conn, table projection.Table, scan func(*R) []any) []stored[R] {
	t.Helper()
	rows, err := db.Query(t.Context(), "SELECT toString(tenant_id), toString(_position), _deleted, "+table.Columns.Names()+" FROM "+table.SQLName()+" FINAL ORDER BY ALL")
	check(t, err)
	defer rows.Close()
	var all []stored[R]
	for rows.Next() {
		var s stored[R]
		check(t, rows.Scan(append([]any{&s.Tenant, &s.Position, &s.Deleted}, scan(&s.Row)...)...))
		all = append(all, s)
	}
	check(t, rows.Err())
	return all
}

type stored[R any] struct {
	Tenant, Position string
	Deleted          uint8
	Row              R
}

func same[T any](t testing.TB, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
