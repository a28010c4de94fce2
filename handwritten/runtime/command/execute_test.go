package command_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

func code(err error) string {
	if p := refusalOf(err); p != nil {
		return p.Code
	}
	return ""
}

func refusalOf(err error) *problem.Error {
	p, _ := errors.AsType[*problem.Error](err)
	return p
}

func refused(t *testing.T, r *command.Repository[account], req request, want string) {
	t.Helper()
	if out, err := r.Execute(context.Background(), req); code(err) != want {
		t.Errorf("Execute = %+v, %v; want code %s", out, err, want)
	}
}

func TestCommandsChangeState(t *testing.T) {
	t.Parallel()
	r := command.NewRepository(newStore(t), accounts())
	tenant := uuid.New()
	id := mustOpen(t, r, tenant)
	out := must(t, r, request{Tenant: tenant, ID: id, Decide: move(5)})
	if out.Version != 2 || out.State.Balance != 5 || out.Position.IsZero() || out.Unchanged || out.Replayed || out.ID != id {
		t.Errorf("Execute = %+v", out)
	}
	unchanged := must(t, r, request{Tenant: tenant, ID: id, Decide: func(*account, time.Time) (decision, error) { return decided() }})
	if !unchanged.Unchanged || unchanged.Version != 2 || unchanged.Position != out.Position {
		t.Errorf("a command without events: %+v", unchanged)
	}
	refused(t, r, request{Tenant: tenant, ID: id, Decide: move(-6)}, "OVERDRAWN")
	refused(t, r, request{Tenant: tenant, ID: id, Decide: func(*account, time.Time) (decision, error) {
		return decision{}, problem.Rule("NO", "no")
	}}, "NO")
	refused(t, r, request{Tenant: tenant, ID: uuid.New(), Decide: move(1)}, "NOT_FOUND")
	refused(t, r, request{Tenant: uuid.New(), ID: id, Decide: move(1)}, "NOT_FOUND")
	refused(t, r, request{Tenant: tenant, ID: id, Creates: true, Decide: open("bob")}, "ALREADY_EXISTS")
	if got := mustLoad(t, r, tenant, id); got.Version != 2 || got.State.Balance != 5 {
		t.Errorf("after refusals: %+v", got)
	}
}

func TestExpectedVersion(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	r, elsewhere, tenant := command.NewRepository(store, accounts()), command.NewRepository(store, accounts()), uuid.New()
	id := mustOpen(t, r, tenant)
	must(t, elsewhere, request{Tenant: tenant, ID: id, Decide: move(1)})
	one, two := int64(1), int64(2)
	refused(t, r, request{Tenant: tenant, ID: id, Expected: &one, Decide: move(1)}, "STALE_VERSION")
	if out := must(t, r, request{Tenant: tenant, ID: id, Expected: &two, Decide: move(1)}); out.Version != 3 {
		t.Errorf("the current version was refused or not used: %+v", out)
	}
}

func TestRulesSeeMicroseconds(t *testing.T) {
	t.Parallel()
	clock := func() time.Time { return time.Date(2026, 1, 1, 1, 0, 0, 123456789, time.FixedZone("", 3600)) }
	r := command.NewRepository(newStore(t), accounts(), command.WithClock(clock))
	id := mustOpen(t, r, uuid.Nil)
	must(t, r, request{ID: id, Decide: func(_ *account, now time.Time) (decision, error) {
		if want := time.Date(2026, 1, 1, 0, 0, 0, 123456000, time.UTC); now != want {
			t.Errorf("now = %v, want %v", now, want)
		}
		return decided(watched{now})
	}})
}

// What another process did must be seen, though this one has the state in its cache.
func TestCachedStateNeverDecidesWrongly(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	here, there, tenant := command.NewRepository(store, accounts()), command.NewRepository(store, accounts()), uuid.New()
	id := mustOpen(t, here, tenant)
	must(t, there, request{Tenant: tenant, ID: id, Decide: move(10)})
	if out := must(t, here, request{Tenant: tenant, ID: id, Decide: move(-10)}); out.State.Balance != 0 || out.Version != 3 {
		t.Errorf("refused or decided on an old balance: %+v", out)
	}
	must(t, there, request{Tenant: tenant, ID: id, Decide: move(1)})
	empty := func(a *account, _ time.Time) (decision, error) { // unchanged if there is no money
		if a.Balance == 0 {
			return decided()
		}
		return decided(moved{-a.Balance})
	}
	if out := must(t, here, request{Tenant: tenant, ID: id, Decide: empty}); out.Unchanged || out.Version != 5 {
		t.Errorf("called unchanged on an old balance: %+v", out)
	}
	if got := mustLoad(t, there, tenant, id); got.State.Balance != 0 || got.Version != 5 {
		t.Errorf("the other process loads %+v", got)
	}
}

func TestHotStreamNeedsNoReads(t *testing.T) {
	t.Parallel()
	store := &spy{Store: newStore(t)}
	r, tenant := command.NewRepository(store, accounts()), uuid.New()
	id := mustOpen(t, r, tenant)
	for range 10 {
		must(t, r, request{Tenant: tenant, ID: id, Decide: move(1)})
	}
	if h, e := store.heads.Load(), store.events.Load(); h != 0 || e != 0 {
		t.Errorf("%d heads and %d events were read, want none", h, e)
	}
}

func TestConcurrentCommandsOfOneProcessDoNotConflict(t *testing.T) {
	t.Parallel()
	store := &spy{Store: newStore(t)}
	r, tenant := command.NewRepository(store, accounts()), uuid.New()
	id := mustOpen(t, r, tenant)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := r.Execute(context.Background(), request{Tenant: tenant, ID: id, Decide: move(1)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := mustLoad(t, r, tenant, id); got.State.Balance != 50 || got.Version != 51 {
		t.Errorf("after 50 deposits: %+v", got)
	}
	if n := len(store.appends); n != 51 {
		t.Errorf("%d appends for 51 commands: some conflicted", n)
	}
}

func TestConcurrentProcessesLoseNothing(t *testing.T) {
	t.Parallel()
	store, tenant := newStore(t), uuid.New()
	replicas := []*command.Repository[account]{command.NewRepository(store, accounts()), command.NewRepository(store, accounts()), command.NewRepository(store, accounts())}
	id := mustOpen(t, replicas[0], tenant)
	var done atomic.Int64
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			switch _, err := replicas[i%3].Execute(context.Background(), request{Tenant: tenant, ID: id, Decide: move(1)}); {
			case err == nil:
				done.Add(1)
			case code(err) != "CONCURRENT_CHANGE":
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := mustLoad(t, replicas[0], tenant, id); int64(got.State.Balance) != done.Load() || got.Version != done.Load()+1 {
		t.Errorf("%d deposits were confirmed, the account has %+v", done.Load(), got)
	}
}

func TestWaitingForATurnEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r, tenant := command.NewRepository(newStore(t), accounts()), uuid.New()
	id := mustOpen(t, r, tenant)
	inside, leave := make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		_, err := r.Execute(context.Background(), request{Tenant: tenant, ID: id, Decide: func(*account, time.Time) (decision, error) {
			close(inside)
			<-leave
			return decided(moved{1})
		}})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Execute(ctx, request{Tenant: tenant, ID: id, Decide: move(1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("Execute = %v, want context.Canceled", err)
	}
	close(leave)
	first.Wait()
	must(t, r, request{Tenant: tenant, ID: id, Decide: move(1)})
}

func TestTimersAndInlineProjections(t *testing.T) {
	t.Parallel()
	agg := accounts()
	agg.Timers = func(a *account) []eventstore.Timer {
		return []eventstore.Timer{{Name: "watch", Due: a.Watched}, {Name: "never"}}
	}
	var inlined []event.Recorded
	taken := problem.Rule("OWNER_TAKEN", "an owner has one account")
	agg.Inline = []func(context.Context, pgx.Tx, []event.Recorded) error{
		func(_ context.Context, _ pgx.Tx, events []event.Recorded) error {
			inlined = append(inlined, events...)
			if events[0].Type == "bank.Opened" && string(events[0].Payload) != `{"Owner":"ann"}` {
				return taken
			}
			return nil
		},
	}
	store := &spy{Store: newStore(t)}
	r, tenant := command.NewRepository(store, agg), uuid.New()
	id := mustOpen(t, r, tenant)
	if n := len(store.last().Timers); n != 0 {
		t.Errorf("opening moves %d timers, want none", n)
	}
	due := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	until := func(t time.Time) func(*account, time.Time) (decision, error) {
		return func(*account, time.Time) (decision, error) { return decided(watched{t}) }
	}
	for _, c := range []struct {
		until time.Time
		moved int
	}{{due, 1}, {due, 0}, {time.Time{}, 1}} {
		must(t, r, request{Tenant: tenant, ID: id, Decide: until(c.until)})
		if got := store.last().Timers; len(got) != c.moved || (c.moved == 1 && (got[0].Name != "watch" || !got[0].Due.Equal(c.until))) {
			t.Errorf("watching until %v moves the timers %v, want %d", c.until, got, c.moved)
		}
	}
	if len(inlined) != 4 {
		t.Errorf("the inline projection saw %d events, want 4", len(inlined))
	}
	refused(t, r, request{Tenant: tenant, ID: uuid.New(), Creates: true, Decide: open("bob")}, "OWNER_TAKEN")
}

func TestScopes(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	agg := accounts()
	agg.Scope, agg.Type = command.Self, "Tenant"
	self := command.NewRepository(store, agg)
	id := mustOpen(t, self, uuid.Nil)
	mustLoad(t, self, uuid.Nil, id)
	if got, err := self.History(context.Background(), id, id, 1, 10); err != nil || got[0].Stream.Tenant != id {
		t.Errorf("a self-scoped stream's tenant: %+v, %v", got, err)
	}
	if _, err := self.Load(context.Background(), uuid.New(), id); code(err) != "NOT_FOUND" {
		t.Errorf("another tenant sees it: %v", err)
	}
	other := mustOpen(t, self, id) // who has one opens another
	mustLoad(t, self, other, other)
	if _, err := self.Load(context.Background(), id, other); code(err) != "NOT_FOUND" {
		t.Errorf("who opened it sees it from their own: %v", err)
	}
	agg.Scope, agg.Type = command.Platform, "User"
	users := command.NewRepository(store, agg)
	user := mustOpen(t, users, uuid.New())
	mustLoad(t, users, uuid.New(), user)
}

// join begins an account for owner where there is none, and else leaves it alone.
func join(owner string) func(*account, time.Time) (decision, error) {
	return func(a *account, _ time.Time) (decision, error) {
		if a != nil {
			return decided()
		}
		return decided(opened{owner})
	}
}

func TestCommandsBeginWhatIsAbsent(t *testing.T) {
	t.Parallel()
	r, tenant, id := command.NewRepository(newStore(t), accounts()), uuid.New(), uuid.New()
	first := must(t, r, request{Tenant: tenant, ID: id, IfAbsent: true, Decide: join("ann")})
	second := must(t, r, request{Tenant: tenant, ID: id, IfAbsent: true, Decide: join("bob")})
	if first.Unchanged || !second.Unchanged || second.Version != 1 || second.State.Owner != "ann" {
		t.Errorf("begun %+v, then %+v", first, second)
	}
	one := int64(1)
	refused(t, r, request{Tenant: tenant, ID: uuid.New(), IfAbsent: true, Expected: &one, Decide: join("ann")}, "STALE_VERSION")
}

// Replicas have turns of their own, so their appends conflict and are decided anew.
func TestManyBeginOne(t *testing.T) {
	t.Parallel()
	store, tenant, id := newStore(t), uuid.New(), uuid.New()
	var clients sync.WaitGroup
	for range 8 {
		r := command.NewRepository(store, accounts())
		for range 8 {
			clients.Go(func() {
				if _, err := r.Execute(t.Context(), request{Tenant: tenant, ID: id, IfAbsent: true, Decide: join("ann")}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	clients.Wait()
	if got := mustLoad(t, command.NewRepository(store, accounts()), tenant, id); got.Version != 1 {
		t.Errorf("64 clients wrote %d events", got.Version)
	}
}
