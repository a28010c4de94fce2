package command_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

func key(name string, content byte) *eventstore.Key {
	return &eventstore.Key{Scope: "http:ann:Move", Name: name, Hash: [32]byte{content}}
}

func TestReplayAnswersWithTheFirstAnswer(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	r, elsewhere, tenant := command.NewRepository(store, accounts()), command.NewRepository(store, accounts()), uuid.New()
	id := mustOpen(t, r, tenant)
	first := must(t, r, request{Tenant: tenant, ID: id, Key: key("k", 1), Decide: move(5)})
	must(t, r, request{Tenant: tenant, ID: id, Decide: move(100)})

	never := func(*account, time.Time) (decision, error) {
		t.Error("a replay decided again")
		return decided(moved{5})
	}
	for _, replica := range []*command.Repository[account]{r, elsewhere} {
		again := must(t, replica, request{Tenant: tenant, ID: id, Key: key("k", 1), Decide: never})
		if !again.Replayed || again.Version != first.Version || again.State.Balance != 5 || again.Position != first.Position || again.ID != id {
			t.Errorf("replay = %+v, first answer %+v", again, first)
		}
	}
	refused(t, r, request{Tenant: tenant, ID: id, Key: key("k", 2), Decide: never}, "IDEMPOTENCY_KEY_REUSED")
	if got := mustLoad(t, r, tenant, id); got.Version != 3 {
		t.Errorf("a replay changed the stream: %+v", got)
	}
}

func TestReplayedCreationKeepsItsID(t *testing.T) {
	t.Parallel()
	r, tenant := command.NewRepository(newStore(t), accounts()), uuid.New()
	create := func() command.Outcome[account] {
		return must(t, r, request{Tenant: tenant, ID: uuid.Must(uuid.NewV7()), Creates: true, Key: key("new", 1), Decide: open("ann")})
	}
	first, again := create(), create()
	if first.ID != again.ID || !again.Replayed || again.State.Owner != "ann" {
		t.Errorf("first %+v, again %+v", first, again)
	}
}

func TestUnchangedIsRememberedToo(t *testing.T) {
	t.Parallel()
	r, tenant := command.NewRepository(newStore(t), accounts()), uuid.New()
	id := mustOpen(t, r, tenant)
	nothing := func(*account, time.Time) (decision, error) { return decided() }
	out := must(t, r, request{Tenant: tenant, ID: id, Key: key("k", 1), Decide: nothing})
	if !out.Unchanged || out.Version != 1 {
		t.Errorf("Execute = %+v", out)
	}
	must(t, r, request{Tenant: tenant, ID: id, Decide: move(1)})
	if again := must(t, r, request{Tenant: tenant, ID: id, Key: key("k", 1), Decide: move(7)}); !again.Replayed || again.Version != 1 || again.State.Balance != 0 {
		t.Errorf("replay = %+v", again)
	}
}

func TestKeyOfATenantIsNoOtherTenants(t *testing.T) {
	t.Parallel()
	r, a, b := command.NewRepository(newStore(t), accounts()), uuid.New(), uuid.New()
	idA, idB := mustOpen(t, r, a), mustOpen(t, r, b)
	must(t, r, request{Tenant: a, ID: idA, Key: key("k", 1), Decide: move(5)})
	if out := must(t, r, request{Tenant: b, ID: idB, Key: key("k", 1), Decide: move(7)}); out.Replayed || out.State.Balance != 7 {
		t.Errorf("tenant b's command was answered with tenant a's: %+v", out)
	}
}

func TestKeyInFlight(t *testing.T) {
	t.Parallel()
	r, tenant := command.NewRepository(newStore(t), accounts()), uuid.New()
	id := mustOpen(t, r, tenant)
	inside, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var first sync.WaitGroup
	first.Go(func() {
		_, err := r.Execute(context.Background(), request{Tenant: tenant, ID: id, Key: key("k", 1), Decide: func(*account, time.Time) (decision, error) {
			once.Do(func() { close(inside) })
			<-leave
			return decided(moved{1})
		}})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	refused(t, r, request{Tenant: tenant, ID: id, Key: key("k", 1), Decide: move(1)}, "IDEMPOTENCY_KEY_IN_FLIGHT")
	close(leave)
	first.Wait()
	if out := must(t, r, request{Tenant: tenant, ID: id, Key: key("k", 1), Decide: move(1)}); !out.Replayed {
		t.Errorf("after the first one ended: %+v", out)
	}
}

func TestRacingReplicasRunAKeyOnce(t *testing.T) {
	t.Parallel()
	store, tenant := newStore(t), uuid.New()
	opener := command.NewRepository(store, accounts())
	for round := range 10 {
		id := mustOpen(t, opener, tenant)
		var fresh atomic.Int64
		var all sync.WaitGroup
		for range 4 {
			replica := command.NewRepository(store, accounts())
			all.Go(func() {
				out, err := replica.Execute(context.Background(), request{Tenant: tenant, ID: id, Key: key(id.String(), 1), Decide: move(5)})
				if err != nil {
					t.Errorf("round %d: %v", round, err)
					return
				}
				if !out.Replayed {
					fresh.Add(1)
				}
				if out.Version != 2 || out.State.Balance != 5 {
					t.Errorf("round %d: %+v", round, out)
				}
			})
		}
		all.Wait()
		if fresh.Load() != 1 {
			t.Errorf("round %d: the command ran %d times", round, fresh.Load())
		}
	}
}
