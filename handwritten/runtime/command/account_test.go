package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// account is a small aggregate: money goes in and out, and it may be watched by a timer.
type account struct {
	Owner   string
	Balance int
	Watched time.Time
}

type opened struct{ Owner string }
type moved struct{ Amount int }
type watched struct{ Until time.Time }

func (opened) EventType() string              { return "bank.Opened" }
func (moved) EventType() string               { return "bank.Moved" }
func (watched) EventType() string             { return "bank.Watched" }
func (opened) SchemaVersion() int             { return 1 }
func (moved) SchemaVersion() int              { return 1 }
func (watched) SchemaVersion() int            { return 1 }
func (opened) Published() bool                { return true }
func (moved) Published() bool                 { return false }
func (watched) Published() bool               { return false }
func (e opened) AppendJSON(dst []byte) []byte { return appendJSON(dst, e) }
func (e moved) AppendJSON(dst []byte) []byte  { return appendJSON(dst, e) }
func (e watched) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, e)
}

func appendJSON(dst []byte, v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return append(dst, raw...)
}

func decodeAs[E event.Data](payload []byte) (event.Data, error) {
	var e E
	err := json.Unmarshal(payload, &e)
	return e, err
}

func accounts() command.Aggregate[account] {
	return command.Aggregate[account]{
		Module: "bank", Type: "Account", Schema: "1",
		Decode: func(typ string, _ int, payload []byte) (event.Data, error) {
			switch typ {
			case "bank.Opened":
				return decodeAs[opened](payload)
			case "bank.Moved":
				return decodeAs[moved](payload)
			case "bank.Watched":
				return decodeAs[watched](payload)
			}
			return nil, fmt.Errorf("unknown event %s", typ)
		},
		Apply: func(a *account, e event.Data) {
			switch e := e.(type) {
			case opened:
				a.Owner = e.Owner
			case moved:
				a.Balance += e.Amount
			case watched:
				a.Watched = e.Until
			}
		},
		EncodeState: func(a *account, dst []byte) []byte { return appendJSON(dst, a) },
		DecodeState: func(a *account, raw []byte) error { return json.Unmarshal(raw, a) },
		Clone:       func(a *account) *account { c := *a; return &c },
		Invariant: func(a *account) error {
			if a.Balance < 0 {
				return problem.Rule("OVERDRAWN", "an account cannot owe money")
			}
			return nil
		},
	}
}

type (
	decision = command.Decision[account]
	request  = command.Request[account]
)

func decided(events ...event.Data) (decision, error) { return decision{Events: events}, nil }

func open(owner string) func(*account, time.Time) (decision, error) {
	return func(*account, time.Time) (decision, error) { return decided(opened{owner}) }
}

func move(amount int) func(*account, time.Time) (decision, error) {
	return func(*account, time.Time) (decision, error) { return decided(moved{amount}) }
}

// newStore is a running event store on a database of its own.
func newStore(t *testing.T) *eventstore.Store {
	t.Helper()
	url := enginetest.Postgres(t)
	ctx := context.Background()
	if err := eventstore.Migrate(ctx, url); err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open(ctx, eventstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	background(t, store.Run)
	t.Cleanup(store.Close)
	return store
}

// background runs a loop until the test ends. Cleanups run last to first, so
// the loop ends after what was started on top of it and before the store closes.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx); err != nil {
			t.Errorf("background loop: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
}

// spy counts what a repository asks of the store.
type spy struct {
	*eventstore.Store
	heads, events atomic.Int64
	tailRead      func() // if set, is called after what follows a snapshot was read
	mu            sync.Mutex
	appends       []eventstore.Append
}

func (s *spy) Head(ctx context.Context, tenant, id uuid.UUID) (int64, error) {
	s.heads.Add(1)
	return s.Store.Head(ctx, tenant, id)
}

func (s *spy) Changes(ctx context.Context, stream event.Stream, from int64, limit int32) ([]eventstore.Change, error) {
	changes, err := s.Store.Changes(ctx, stream, from, limit)
	s.events.Add(int64(len(changes)))
	return changes, err
}

func (s *spy) ChangesAfterSnapshot(ctx context.Context, stream event.Stream, schema string, limit int32) ([]eventstore.Change, error) {
	changes, err := s.Store.ChangesAfterSnapshot(ctx, stream, schema, limit)
	if s.tailRead != nil {
		s.tailRead()
	}
	s.events.Add(int64(len(changes)))
	return changes, err
}

func (s *spy) Append(ctx context.Context, a eventstore.Append) (eventstore.Result, error) {
	s.mu.Lock()
	s.appends = append(s.appends, a)
	s.mu.Unlock()
	return s.Store.Append(ctx, a)
}

func (s *spy) last() eventstore.Append {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.appends[len(s.appends)-1]
}

func mustOpen(t *testing.T, r *command.Repository[account], tenant uuid.UUID) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	must(t, r, request{Tenant: tenant, ID: id, Creates: true, Decide: open("ann")})
	return id
}

func must(t *testing.T, r *command.Repository[account], req request) command.Outcome[account] {
	t.Helper()
	out, err := r.Execute(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mustLoad(t *testing.T, r *command.Repository[account], tenant, id uuid.UUID) command.Loaded[account] {
	t.Helper()
	loaded, err := r.Load(context.Background(), tenant, id)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}
