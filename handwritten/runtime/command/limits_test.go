package command_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// limit counts accounts with money in them.
func limit(name string, bound int64) command.Limit[account] {
	return command.Limit[account]{
		Name: name, Counts: func(a *account) bool { return a.Balance > 0 },
		Bound:  func(context.Context) (int64, error) { return bound, nil },
		Status: 422, Code: "LIMITED", Message: "so many and no more",
	}
}

func least(name string, bound int64) command.Limit[account] {
	l := limit(name, bound)
	l.Least = true
	return l
}

// within decides on events that the limits may refuse.
func within(limits []command.Limit[account], events ...event.Data) func(*account, time.Time) (decision, error) {
	return func(*account, time.Time) (decision, error) { return decision{Events: events, Limits: limits}, nil }
}

func TestLimitsRefuse(t *testing.T) {
	t.Parallel()
	r, tenant := command.NewRepository(newStore(t), accounts()), uuid.New()
	first, second, third := mustOpen(t, r, tenant), mustOpen(t, r, tenant), mustOpen(t, r, tenant)
	limits := []command.Limit[account]{limit("rich", 2), least("some rich", 1)}
	add := func(id uuid.UUID, amount int) request {
		return request{Tenant: tenant, ID: id, Decide: within(limits, moved{amount})}
	}
	must(t, r, add(first, 1)) // a tenant begins with none, below its least
	must(t, r, add(first, 1)) // who counts already moves nothing
	must(t, r, add(second, 1))
	refused(t, r, add(third, 1), "LIMITED")
	must(t, r, add(second, -1))
	must(t, r, add(third, 1))
	must(t, r, add(third, -1))
	refused(t, r, add(first, -2), "LIMITED")
	if got := mustLoad(t, r, tenant, first); got.State.Balance != 2 {
		t.Errorf("what was refused happened: %+v", got)
	}
	_, err := r.Execute(t.Context(), add(first, -2))
	if refusal := refusalOf(err); refusal == nil || refusal.Status != 422 || refusal.Detail != "so many and no more" {
		t.Errorf("the refusal is %v", err)
	}
	must(t, r, request{Tenant: uuid.New(), ID: uuid.New(), Creates: true, Decide: within(limits, opened{"eve"}, moved{1})})
}

func TestLimitsPerScope(t *testing.T) {
	t.Parallel()
	r, tenant := command.NewRepository(newStore(t), accounts()), uuid.New()
	per := least("rich per owner", 1)
	per.Scope = func(a *account) string { return a.Owner }
	limits := []command.Limit[account]{per}
	var of = map[string]uuid.UUID{}
	for _, owner := range []string{"ann", "bob", ""} {
		of[owner] = uuid.New()
		must(t, r, request{Tenant: tenant, ID: of[owner], Creates: true, Decide: within(limits, opened{owner}, moved{1})})
	}
	refused(t, r, request{Tenant: tenant, ID: of[""], Decide: within(limits, moved{-1})}, "LIMITED")
	refused(t, r, request{Tenant: tenant, ID: of["ann"], Decide: within(limits, opened{"bob"})}, "LIMITED")
	must(t, r, request{Tenant: tenant, ID: uuid.New(), Creates: true, Decide: within(limits, opened{"ann"}, moved{1})})
	must(t, r, request{Tenant: tenant, ID: of["ann"], Decide: within(limits, opened{"bob"})})
	must(t, r, request{Tenant: tenant, ID: of["bob"], Decide: within(limits, moved{-1})})
	refused(t, r, request{Tenant: tenant, ID: of["ann"], Decide: within(limits, moved{-1})}, "LIMITED")
}

// TestANewLimitCountsWhatIsThere: accounts are older than the limit, and two
// processes meet it at the same time; exactly one account stays rich.
func TestANewLimitCountsWhatIsThere(t *testing.T) {
	t.Parallel()
	const clients = 64
	store, tenant := newStore(t), uuid.New()
	processes := []*command.Repository[account]{command.NewRepository(store, accounts()), command.NewRepository(store, accounts())}
	ids := make([]uuid.UUID, clients)
	for i := range ids {
		ids[i] = mustOpen(t, processes[0], tenant)
		must(t, processes[0], request{Tenant: tenant, ID: ids[i], Decide: move(1)})
	}
	mustOpen(t, processes[0], tenant) // is not rich
	limits := []command.Limit[account]{least("some rich", 1), limit("rich", clients)}
	var poor, refusals atomic.Int64
	var all sync.WaitGroup
	for i, id := range ids {
		all.Go(func() {
			_, err := processes[i%2].Execute(context.Background(), request{Tenant: tenant, ID: id, Decide: within(limits, moved{-1})})
			switch {
			case err == nil:
				poor.Add(1)
			case code(err) == "LIMITED":
				refusals.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if poor.Load() != clients-1 || refusals.Load() != 1 {
		t.Errorf("%d became poor and %d were refused, want %d and 1", poor.Load(), refusals.Load(), clients-1)
	}
}
