package reaction_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// replayer runs what handles dead letters again, as each process does.
func (s *shop) replayer(t *testing.T, clock func() time.Time) (stop func()) {
	t.Helper()
	r := reaction.Replayer{Store: s.Store, Reactions: []reaction.Definition{s.definition}, Clock: clock, Logger: outboxtest.Logger(t)}
	return outboxtest.Go(t, r.Run)
}

// replay wishes that all be handled again, waits until that is done, and returns
// what is parked still.
func (s *shop) replay(t *testing.T) (left []reaction.ParkedStream) {
	t.Helper()
	if _, err := s.letters().Replay(t.Context(), reaction.Filter{Consumer: s.definition.Name}); err != nil {
		t.Fatal(err)
	}
	outboxtest.Eventually(t, "the replay is done", func() bool {
		left = s.parked(t)
		return !slices.ContainsFunc(left, func(p reaction.ParkedStream) bool { return p.Wanted > 0 })
	})
	return left
}

func (s *shop) parked(t *testing.T) []reaction.ParkedStream {
	t.Helper()
	streams, err := s.letters().Parked(t.Context(), reaction.Filter{Consumer: s.definition.Name})
	if err != nil {
		t.Fatal(err)
	}
	return streams
}

// awaitParked waits until so many events are parked.
func (s *shop) awaitParked(t *testing.T, n int) {
	t.Helper()
	outboxtest.Eventually(t, "events are parked", func() bool {
		parked := 0
		for _, stream := range s.parked(t) {
			parked += stream.Events
		}
		return parked == n
	})
}

// sicken makes the reaction fail once for each stream, and parks n events of each.
func (s *shop) sicken(t *testing.T, n int, streams ...event.Stream) {
	t.Helper()
	outboxtest.Go(t, s.Relay(t, s.Store).Run)
	s.run(t)
	for _, stream := range streams {
		s.ill.Store(stream.ID, true)
		s.Append(t, stream, 0, make([]int, n)...)
	}
	s.awaitParked(t, n*len(streams))
	s.ill.Clear()
}

// TestTwoProcessesHandleEachEventOnce: none is tried by both.
func TestTwoProcessesHandleEachEventOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	tenant := uuid.New()
	s.sicken(t, 10, outboxtest.Stream(tenant), outboxtest.Stream(tenant), outboxtest.Stream(uuid.New()))
	before := s.calls.Load()
	s.replayer(t, time.Now)
	s.replayer(t, time.Now)
	if left := s.replay(t); len(left) != 0 {
		t.Errorf("still parked: %+v", left)
	}
	s.awaitEffects(t, 30)
	if calls := s.calls.Load() - before; calls != 30 {
		t.Errorf("30 events were tried %d times", calls)
	}
}

// stuck makes the reaction hang, and tells when it does.
func (s *shop) stuck() (began chan struct{}, mend func()) {
	began = make(chan struct{}, 1)
	answer := s.definition.Handle
	s.definition.Handle = func(ctx context.Context, _ event.Recorded) error {
		began <- struct{}{}
		<-ctx.Done()
		return errors.New("killed")
	}
	return began, func() { s.definition.Handle = answer }
}

// TestAnotherProcessGoesOnForOneThatDied: it does so when the dead one's time is over.
func TestAnotherProcessGoesOnForOneThatDied(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.sicken(t, 2, outboxtest.Stream(uuid.New()))
	began, mend := s.stuck()
	stop := s.replayer(t, time.Now)
	if _, err := s.letters().Replay(t.Context(), reaction.Filter{}); err != nil {
		t.Fatal(err)
	}
	<-began
	stop()
	if left := s.parked(t); len(left) != 1 || left[0].Wanted != 2 {
		t.Errorf("after the death there are %+v", left)
	}
	mend()
	s.replayer(t, func() time.Time { return time.Now().Add(2 * time.Minute) })
	s.awaitEffects(t, 2)
	s.awaitParked(t, 0)
}

// TestEventsThatComeDuringAReplayAreHandledByIt: nobody has to wish again.
func TestEventsThatComeDuringAReplayAreHandledByIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	stream := outboxtest.Stream(uuid.New())
	s.sicken(t, 1, stream)
	began, goOn := make(chan struct{}), make(chan struct{})
	answer := s.definition.Handle
	s.definition.Handle = func(ctx context.Context, e event.Recorded) error {
		if e.Version == 1 {
			close(began)
			<-goOn
		}
		return answer(ctx, e)
	}
	s.replayer(t, time.Now)
	if _, err := s.letters().Replay(t.Context(), reaction.Filter{}); err != nil {
		t.Fatal(err)
	}
	<-began
	s.Append(t, stream, 1, 2, 3)
	s.awaitParked(t, 3)
	close(goOn)
	s.awaitParked(t, 0)
	s.awaitEffects(t, 3)
	s.checkVersions(t, stream.ID, 3)
}

func TestWhatAProjectionCouldNotTakeIsNotReplayed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if _, err := s.letters().Replay(t.Context(), reaction.Filter{Consumer: "job.job_facts@1f0c9a52"}); !errors.Is(err, reaction.ErrProjection) {
		t.Errorf("the answer is %v", err)
	}
}
