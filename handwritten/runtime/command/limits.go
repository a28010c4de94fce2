package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Limit bounds how many of a tenant's aggregates count towards it.
type Limit[S any] struct {
	// Name is the counter's. With what is counted it changes too, so that all are counted anew.
	Name string
	// Counts tells whether an aggregate counts, and Scope within what beside the tenant; nil: nothing else.
	Counts func(*S) bool
	Scope  func(*S) string
	// Least says that the bound is the fewest that counting down may leave, and
	// not the most that counting up may lead to.
	Least bool
	// Bound is asked only for a change that counts in its direction, anew for each
	// attempt; negative means without bound.
	Bound func(context.Context) (int64, error)
	// What the refused client is told.
	Status        int
	Code, Message string
}

// moves are how a change moves the limit's counters. before is nil where the command begins the aggregate.
func (l *Limit[S]) moves(ctx context.Context, before, after *S) (moves []eventstore.Limit, err error) {
	from, was := l.place(before)
	to, is := l.place(after)
	if was == is && from == to {
		return nil, nil
	}
	if was {
		moves, err = l.move(ctx, moves, from, -1)
	}
	if is && err == nil {
		moves, err = l.move(ctx, moves, to, 1)
	}
	return moves, err
}

// place is the scope that an aggregate counts in, if it counts.
func (l *Limit[S]) place(s *S) (scope string, counts bool) {
	if s == nil || !l.Counts(s) {
		return "", false
	}
	if l.Scope == nil {
		return "", true
	}
	return l.Scope(s), true
}

func (l *Limit[S]) move(ctx context.Context, moves []eventstore.Limit, scope string, delta int64) ([]eventstore.Limit, error) {
	m := eventstore.Limit{Name: l.Name, Scope: scope, Delta: delta, Bound: -1, Status: l.Status, Code: l.Code, Message: l.Message}
	if l.Least == (delta < 0) {
		var err error
		if m.Bound, err = l.Bound(ctx); err != nil {
			return nil, err
		}
	}
	return append(moves, m), nil
}

// appendCounted appends. The first time that a limit is moved in a tenant it
// counts the aggregates that are there already, as when the limit is newer than they are.
func (r *Repository[S]) appendCounted(ctx context.Context, batch eventstore.Append, limits []Limit[S]) (eventstore.Result, error) {
	result, err := r.store.Append(ctx, batch)
	if !errors.Is(err, eventstore.ErrUncounted) {
		return result, err
	}
	// One at a time: who waited finds it done.
	done, err := r.turns.take(ctx, event.Stream{Tenant: batch.Stream.Tenant, Module: r.agg.Module, Type: r.agg.Type})
	if err != nil {
		return eventstore.Result{}, fmt.Errorf("wait for the count of %s: %w", r.agg.Type, err)
	}
	defer done()
	if result, err = r.store.Append(ctx, batch); !errors.Is(err, eventstore.ErrUncounted) {
		return result, err
	}
	if err := r.count(ctx, batch.Stream.Tenant, limits); err != nil {
		return eventstore.Result{}, fmt.Errorf("count %s for limits: %w", r.agg.Type, err)
	}
	return r.store.Append(ctx, batch)
}

// count begins limits with the aggregates that are there; those that have begun
// already stay as they are. Until it has, no change that would move them is appended.
func (r *Repository[S]) count(ctx context.Context, tenant uuid.UUID, limits []Limit[S]) error {
	ids, err := r.store.Streams(ctx, tenant, r.agg.Module, r.agg.Type)
	if err != nil {
		return err
	}
	counts := make([]map[string]int64, len(limits))
	for i := range counts {
		counts[i] = map[string]int64{}
	}
	for _, id := range ids {
		now, err := r.current(ctx, event.Stream{Tenant: tenant, Module: r.agg.Module, Type: r.agg.Type, ID: id})
		if err != nil {
			return err
		}
		for i, l := range limits {
			if scope, counted := l.place(now.State); counted {
				counts[i][scope]++
			}
		}
	}
	for i, l := range limits {
		if err := r.store.BeginLimit(ctx, tenant, l.Name, counts[i]); err != nil {
			return err
		}
	}
	return nil
}
