package projection

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// statements records what was done, each statement after it was let go.
type statements struct {
	began chan struct{}
	let   chan error
	mu    sync.Mutex
	done  [][]string
}

func newStatements() *statements {
	return &statements{began: make(chan struct{}), let: make(chan error)}
}

func (s *statements) do(_ context.Context, all []string) error {
	s.began <- struct{}{}
	err := <-s.let
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, slices.Sorted(slices.Values(all)))
	return err
}

// behind starts a and, while its statement is under way, b and c. It returns
// what tells when all three have returned, with their errors.
func (s *statements) behind(ctx context.Context, together *together[string]) func() []error {
	var all sync.WaitGroup
	errs := make([]error, 3)
	all.Go(func() { errs[0] = together.run(ctx, "a") })
	<-s.began
	all.Go(func() { errs[1] = together.run(ctx, "b") })
	all.Go(func() { errs[2] = together.run(ctx, "c") })
	for together.gathered() < 2 {
		runtime.Gosched()
	}
	return func() []error { all.Wait(); return errs }
}

func (t *together[T]) gathered() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		return 0
	}
	return len(t.next.all)
}

func TestTogetherGathersBehindTheStatementUnderWay(t *testing.T) {
	t.Parallel()
	s := newStatements()
	wait := s.behind(t.Context(), newTogether(s.do))
	s.let <- nil
	<-s.began
	s.let <- nil
	if err := errors.Join(wait()...); err != nil {
		t.Fatal(err)
	}
	if len(s.done) != 2 || !slices.Equal(s.done[0], []string{"a"}) || !slices.Equal(s.done[1], []string{"b", "c"}) {
		t.Errorf("done: %v, want a, then b and c at once", s.done)
	}
}

func TestTogetherTriesApartWhatFailed(t *testing.T) {
	t.Parallel()
	s := newStatements()
	wait := s.behind(t.Context(), newTogether(s.do))
	broken := errors.New("one of the rows cannot be stored")
	s.let <- nil
	go func() {
		for _, err := range []error{broken, nil, broken} { // together, then each apart
			<-s.began
			s.let <- err
		}
	}()
	errs := wait()
	if failed := slices.DeleteFunc(errs, func(err error) bool { return err == nil }); len(failed) != 1 || failed[0] != broken {
		t.Errorf("the errors are %v, want one", errs)
	}
	if len(s.done) != 4 || len(s.done[2]) != 1 || len(s.done[3]) != 1 {
		t.Errorf("done: %v, want the two apart after they failed together", s.done)
	}
}

func TestTogetherFollowerMayLeave(t *testing.T) {
	t.Parallel()
	s := newStatements()
	together := newTogether(s.do)
	leading := make(chan error)
	go func() { leading <- together.run(t.Context(), "a") }()
	<-s.began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	next, _ := together.join("b") // somebody leads the next, so that the one below follows
	if err := together.run(ctx, "c"); !errors.Is(err, context.Canceled) {
		t.Errorf("run = %v, want that it was cancelled", err)
	}
	s.let <- nil
	if err := <-leading; err != nil {
		t.Error(err)
	}
	if len(next.all) != 2 {
		t.Errorf("%v gathered, want b and c", next.all)
	}
}
