package projection

import (
	"context"
	"sync"
)

// together lets the partitions of a read model share statements: ClickHouse pays
// much for a statement and little for a row. While one is under way, what comes
// meanwhile gathers for the next.
type together[T any] struct {
	do   func(ctx context.Context, all []T) error
	turn chan struct{} // holds one element while a statement is under way

	mu   sync.Mutex
	next *shared[T] // nil while nobody waits for the turn
}

// shared is what one statement does.
type shared[T any] struct {
	all  []T
	done chan struct{} // closed when err is set
	err  error
}

func newTogether[T any](do func(ctx context.Context, all []T) error) *together[T] {
	return &together[T]{do: do, turn: make(chan struct{}, 1)}
}

// run does mine with what others have. What failed together is done again
// apart: no partition suffers from what another one has, or from its end.
func (t *together[T]) run(ctx context.Context, mine T) error {
	s, first := t.join(mine)
	if first {
		t.lead(ctx, s)
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.err == nil || len(s.all) == 1 {
		return s.err
	}
	return t.do(ctx, []T{mine})
}

func (t *together[T]) join(mine T) (s *shared[T], first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if first = t.next == nil; first {
		t.next = &shared[T]{done: make(chan struct{})}
	}
	t.next.all = append(t.next.all, mine)
	return t.next, first
}

// lead waits for the turn, while others may still join, and does what is there then.
func (t *together[T]) lead(ctx context.Context, s *shared[T]) {
	defer close(s.done)
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done(): // which the statement notices as well
	}
	t.mu.Lock()
	t.next = nil
	t.mu.Unlock()
	s.err = t.do(ctx, s.all)
}
