package command_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"pgregory.net/rapid"
)

func TestTimeTravel(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	r, tenant, ctx := command.NewRepository(store, accounts()), uuid.New(), context.Background()
	id := mustOpen(t, r, tenant)
	for range 4 {
		must(t, r, request{Tenant: tenant, ID: id, Decide: move(10)})
	}
	for version := int64(1); version <= 5; version++ {
		if got, err := r.At(ctx, tenant, id, version); err != nil || int64(got.State.Balance) != 10*(version-1) || got.Version != version {
			t.Errorf("At(%d) = %+v, %v", version, got, err)
		}
	}
	for _, version := range []int64{-1, 0, 6} {
		if got, err := r.At(ctx, tenant, id, version); code(err) != "NOT_FOUND" {
			t.Errorf("At(%d) = %+v, %v", version, got, err)
		}
	}
	history, err := r.History(ctx, tenant, id, 1, 100)
	if err != nil || len(history) != 5 {
		t.Fatalf("History = %d events, %v", len(history), err)
	}
	if got, err := r.AtTime(ctx, tenant, id, history[2].At); err != nil || got.Version < 3 || got.At.After(history[2].At) {
		t.Errorf("AtTime(third event) = %+v, %v", got, err)
	}
	if _, err := r.AtTime(ctx, tenant, id, history[0].At.Add(-time.Second)); code(err) != "NOT_FOUND" {
		t.Errorf("AtTime(before the first event): %v", err)
	}
	if page, err := r.History(ctx, tenant, id, 4, 100); err != nil || len(page) != 2 || page[0].Version != 4 {
		t.Errorf("History(from 4) = %v, %v", page, err)
	}
	if page, err := r.History(ctx, tenant, id, 6, 100); err != nil || len(page) != 0 {
		t.Errorf("History(past the end) = %v, %v", page, err)
	}
	stranger := uuid.New()
	for name, read := range map[string]func() error{
		"At":      func() error { _, err := r.At(ctx, stranger, id, 1); return err },
		"AtTime":  func() error { _, err := r.AtTime(ctx, stranger, id, time.Now()); return err },
		"History": func() error { _, err := r.History(ctx, stranger, id, 1, 10); return err },
		"Load":    func() error { _, err := r.Load(ctx, stranger, id); return err },
	} {
		if err := read(); code(err) != "NOT_FOUND" {
			t.Errorf("%s for another tenant: %v", name, err)
		}
	}
}

func TestIDOfAnotherKindIsNotFound(t *testing.T) {
	t.Parallel()
	store, tenant := newStore(t), uuid.New()
	agg := accounts()
	agg.SnapshotEvery = 1
	first := command.NewRepository(store, agg)
	background(t, first.Run)
	id := mustOpen(t, first, tenant)
	awaitSnapshot(t, store, event.Stream{Module: agg.Module, Type: agg.Type, Tenant: tenant, ID: id}, 1)
	agg.Type = "Safe"
	if got, err := command.NewRepository(store, agg).Load(context.Background(), tenant, id); code(err) != "NOT_FOUND" {
		t.Errorf("an account was loaded as a safe: %+v, %v", got, err)
	}
}

func awaitSnapshot(t *testing.T, store *eventstore.Store, stream event.Stream, version int64) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		saved, found, err := store.LoadSnapshot(context.Background(), stream)
		if err != nil {
			t.Fatal(err)
		}
		if found && saved.Version >= version {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no snapshot of version %d appeared", version)
		}
	}
}

func TestSnapshotThatAppearsWhileAStreamIsRead(t *testing.T) {
	t.Parallel()
	store, tenant := newStore(t), uuid.New()
	agg := accounts()
	agg.SnapshotEvery = 10
	writer := command.NewRepository(store, agg)
	background(t, writer.Run)
	id := mustOpen(t, writer, tenant)
	stream := event.Stream{Module: "bank", Type: "Account", Tenant: tenant, ID: id}
	deposit := func(times, snapshot int64) {
		for range times {
			must(t, writer, request{Tenant: tenant, ID: id, Decide: move(1)})
		}
		awaitSnapshot(t, store, stream, snapshot)
	}
	deposit(12, 10)
	slow := &spy{Store: store, tailRead: func() { deposit(8, 20) }}
	if got := mustLoad(t, command.NewRepository(slow, agg), tenant, id); got.Version < 20 || int64(got.State.Balance) != got.Version-1 {
		t.Errorf("Load = %+v, want the balance of its version", got)
	}
}

func TestSnapshotsSaveReading(t *testing.T) {
	t.Parallel()
	store, tenant := newStore(t), uuid.New()
	agg := accounts()
	agg.SnapshotEvery = 10
	writer := command.NewRepository(store, agg)
	background(t, writer.Run)
	id := mustOpen(t, writer, tenant)
	for range 22 {
		must(t, writer, request{Tenant: tenant, ID: id, Decide: move(1)})
	}
	stream := event.Stream{Module: "bank", Type: "Account", Tenant: tenant, ID: id}
	awaitSnapshot(t, store, stream, 20)

	read := func(agg command.Aggregate[account]) int64 {
		t.Helper()
		counted := &spy{Store: store}
		if got := mustLoad(t, command.NewRepository(counted, agg), tenant, id); got.Version != 23 || got.State.Balance != 22 || got.State.Owner != "ann" {
			t.Errorf("Load = %+v", got)
		}
		return counted.events.Load()
	}
	if n := read(agg); n != 3 {
		t.Errorf("%d events were read on top of the snapshot, want 3", n)
	}
	changed := agg
	changed.Schema = "2"
	if n := read(changed); n != 23 {
		t.Errorf("with another schema %d events were read, want all 23", n)
	}
	unreadable := agg
	unreadable.DecodeState = func(*account, []byte) error { return errors.New("unreadable") }
	if n := read(unreadable); n != 3+23 {
		t.Errorf("with an unreadable snapshot %d events were read, want the 3 after it and then all 23", n)
	}
	if got, err := command.NewRepository(store, agg).At(context.Background(), tenant, id, 5); err != nil || got.State.Balance != 4 {
		t.Errorf("At a version before the snapshot = %+v, %v", got, err)
	}
}

func TestLongStreamIsReadInPages(t *testing.T) {
	t.Parallel()
	store, tenant := newStore(t), uuid.New()
	r := command.NewRepository(store, accounts())
	id := mustOpen(t, r, tenant)
	many := make([]event.Data, 600)
	for i := range many {
		many[i] = moved{1}
	}
	must(t, r, request{Tenant: tenant, ID: id, Decide: func(*account, time.Time) (decision, error) { return decided(many...) }})
	if got := mustLoad(t, command.NewRepository(store, accounts()), tenant, id); got.State.Balance != 600 || got.Version != 601 {
		t.Errorf("Load = %+v", got)
	}
}

// Whatever replicas do in whatever order, with caches too small and snapshots
// often, all load what the events say.
func TestReplicasAgreeWithTheEvents(t *testing.T) {
	t.Parallel()
	store, tenant := newStore(t), uuid.New()
	agg := accounts()
	agg.SnapshotEvery = 3
	replicas := []*command.Repository[account]{command.NewRepository(store, agg, command.WithCacheSize(1)), command.NewRepository(store, agg)}
	for _, r := range replicas {
		background(t, r.Run)
	}
	rapid.Check(t, func(rt *rapid.T) {
		ids := []uuid.UUID{mustOpen(t, replicas[0], tenant), mustOpen(t, replicas[1], tenant)}
		balance := map[uuid.UUID]int{}
		for range rapid.IntRange(1, 12).Draw(rt, "commands") {
			id, amount := rapid.SampledFrom(ids).Draw(rt, "id"), rapid.IntRange(-3, 5).Draw(rt, "amount")
			_, err := rapid.SampledFrom(replicas).Draw(rt, "replica").Execute(context.Background(), request{Tenant: tenant, ID: id, Decide: move(amount)})
			if want := balance[id]+amount >= 0; (err == nil) != want {
				rt.Fatalf("moving %d on %d: %v", amount, balance[id], err)
			}
			if err == nil {
				balance[id] += amount
			}
		}
		for _, id := range ids {
			for _, r := range append(replicas, command.NewRepository(store, agg)) {
				if got := mustLoad(t, r, tenant, id); got.State.Balance != balance[id] {
					rt.Fatalf("loaded %+v, want balance %d", got, balance[id])
				}
			}
		}
	})
}
