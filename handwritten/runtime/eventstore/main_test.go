package eventstore_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// happened is an event with one number; raw, if set, is its payload instead.
type happened struct {
	n   int
	raw string
}

func (happened) EventType() string  { return "test.Happened" }
func (happened) SchemaVersion() int { return 1 }
func (happened) Published() bool    { return true }
func (h happened) AppendJSON(dst []byte) []byte {
	if h.raw != "" {
		return append(dst, h.raw...)
	}
	return append(strconv.AppendInt(append(dst, `{"n":`...), int64(h.n), 10), '}')
}

func events(count int) []event.Data {
	all := make([]event.Data, count)
	for i := range all {
		all[i] = happened{n: i + 1}
	}
	return all
}

func newStream(tenant uuid.UUID) event.Stream {
	return event.Stream{Module: "test", Type: "Thing", Tenant: tenant, ID: uuid.New()}
}

// start opens a store on a fresh database and runs it until the test ends.
func start(t testing.TB) *eventstore.Store {
	t.Helper()
	store, _ := startAt(t, database(t), nil)
	return store
}

// database is the URL of a migrated, empty database.
func database(t testing.TB) string {
	t.Helper()
	url := enginetest.Postgres(t)
	if err := eventstore.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	return url
}

// startAt runs a store until the test ends or stop is called.
func startAt(t testing.TB, url string, clock func() time.Time) (store *eventstore.Store, stop func()) {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: url, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- store.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		store.Close()
	})
	return store, stop
}

// admin is a superuser's connection, which sees and may do everything.
func admin(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func mustAppend(t testing.TB, store *eventstore.Store, a eventstore.Append) eventstore.Result {
	t.Helper()
	result, err := store.Append(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func isConflict(err error) bool {
	var conflict *eventstore.ConflictError
	return errors.As(err, &conflict)
}

// eventually polls until check returns true, for what other databases of the
// same server may delay: a transaction open there holds back readers here.
func eventually(t testing.TB, what string, check func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !check() {
		select {
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		case <-tick.C:
		}
	}
}

// readLog reads pages of a size until it has seen count events.
func readLog(t testing.TB, store *eventstore.Store, after event.Position, page, count int) []event.Recorded {
	t.Helper()
	var all []event.Recorded
	eventually(t, strconv.Itoa(count)+" events in the log", func() bool {
		events, err := store.ReadLog(t.Context(), after, page)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, events...); len(events) > 0 {
			after = events[len(events)-1].Position
		}
		return len(all) >= count
	})
	return all
}
