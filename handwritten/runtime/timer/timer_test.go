package timer_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/timer"
	"github.com/prometheus/client_golang/prometheus"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// clock is moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// rig is a timer service whose every look is asked for by the test.
type rig struct {
	store *eventstore.Store
	clock *clock
	ticks chan time.Time
	fired chan timer.Due
	fails atomic.Int32 // so many calls fail first
	// failure is what they fail with.
	failure error
	// sets, if not nil, is the timer that the next firing sets.
	sets     atomic.Pointer[eventstore.Timer]
	registry *prometheus.Registry
}

var start = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func newRig(t *testing.T) *rig {
	t.Helper()
	url := enginetest.Postgres(t)
	if err := eventstore.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	r := &rig{clock: &clock{now: start}, ticks: make(chan time.Time), fired: make(chan timer.Due, 100),
		failure: errors.New("not now"), registry: prometheus.NewRegistry()}
	var err error
	if r.store, err = eventstore.Open(t.Context(), eventstore.Config{URL: url, Clock: r.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.store.Close)
	outboxtest.Go(t, r.store.Run)
	outboxtest.Go(t, timer.New(timer.Config{
		Store: r.store, Clock: r.clock.Now, Ticks: r.ticks, Logger: outboxtest.Logger(t), Metrics: timer.NewMetrics(r.registry),
		Definitions: []timer.Definition{{Module: "test", Type: "Counter", Handle: r.fire}},
	}).Run)
	return r
}

func (r *rig) fire(ctx context.Context, due timer.Due) error {
	if r.fails.Add(-1) >= 0 {
		return r.failure
	}
	r.fired <- due
	head, err := r.store.Head(ctx, due.Stream.Tenant, due.Stream.ID)
	if err != nil {
		return err
	}
	fired := eventstore.Append{Stream: due.Stream, Expected: head, Key: timer.Key(due), Events: []event.Data{outboxtest.Counted{N: 2}}}
	if next := r.sets.Swap(nil); next != nil {
		fired.Timers = []eventstore.Timer{*next}
	}
	_, err = r.store.Append(ctx, fired)
	return err
}

func (r *rig) arm(t *testing.T, due time.Time) event.Stream {
	t.Helper()
	return r.armStream(t, outboxtest.Stream(uuid.New()), due)
}

func (r *rig) armStream(t *testing.T, stream event.Stream, due time.Time) event.Stream {
	t.Helper()
	if _, err := r.store.Append(t.Context(), eventstore.Append{
		Stream: stream, Events: []event.Data{outboxtest.Counted{N: 1}}, Timers: []eventstore.Timer{{Name: "stale", Due: due}},
	}); err != nil {
		t.Fatal(err)
	}
	return stream
}

// look makes the service look once, and returns when it has: the second tick is
// taken only after the first one's work.
func (r *rig) look() {
	r.ticks <- time.Time{}
	r.ticks <- time.Time{}
}

func (r *rig) versions(t *testing.T, stream event.Stream) int64 {
	t.Helper()
	v, err := r.store.Head(t.Context(), stream.Tenant, stream.ID)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTimerIsNeverEarlyAndFiresOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	due := start.Add(time.Hour)
	stream := r.arm(t, due)
	for _, early := range []time.Duration{time.Hour, time.Second, time.Microsecond} {
		r.clock.set(due.Add(-early))
		r.look()
		if n := len(r.fired); n != 0 {
			t.Fatalf("the timer fired %v early", early)
		}
	}
	r.clock.set(due)
	r.look()
	if n := len(r.fired); n != 1 {
		t.Fatalf("fired %d times when due, want 1", n)
	}
	if got := <-r.fired; got.Stream != stream || got.Name != "stale" || !got.Due.Equal(due) {
		t.Errorf("fired %+v", got)
	}
	r.clock.set(due.Add(24 * time.Hour))
	r.look()
	if n := len(r.fired); n != 0 {
		t.Errorf("fired %d times more", n)
	}
	if v := r.versions(t, stream); v != 2 {
		t.Errorf("the stream is at version %d, want 2", v)
	}
}

// What was missed is made up for at once, however many timers follow one another.
func TestTimerThatAnotherOneSetsDoesNotWaitForTheNextLook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	due := start.Add(time.Hour)
	r.arm(t, due)
	r.sets.Store(&eventstore.Timer{Name: "next", Due: due})
	r.clock.set(due)
	r.ticks <- time.Time{}
	for _, want := range []string{"stale", "next"} {
		select {
		case got := <-r.fired:
			if got.Name != want {
				t.Errorf("the timer %q went off, want %q", got.Name, want)
			}
		case <-time.After(outboxtest.Within):
			t.Fatalf("the timer %q did not go off", want)
		}
	}
}

func TestTimerThatFailedComesBackAndOthersGoOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.arm(t, start.Add(time.Minute))
	r.fails.Store(1)
	r.clock.set(start.Add(time.Minute))
	r.look()
	if n := len(r.fired); n != 0 {
		t.Fatal("a failed timer counts as fired")
	}
	r.arm(t, start.Add(time.Minute))
	r.look()
	if n := len(r.fired); n != 1 {
		t.Fatalf("%d of the sound timers fired, want 1", n)
	}
	r.clock.set(start.Add(time.Hour)) // its lease has ended
	r.look()
	if n := len(r.fired); n != 2 {
		t.Errorf("%d timers fired, want the failed one too", n)
	}
	r.count(t, map[string]float64{"fired_total": 2, "failures_total": 1, "refused_total": 0, "lateness_seconds": 2})
}

// count checks the metrics of the timers.
func (r *rig) count(t *testing.T, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		if got := outboxtest.Metric(t, r.registry, "oksai_timer_"+name); got != value {
			t.Errorf("%s is %v, want %v", name, got, value)
		}
	}
}

func TestTimerRefusedByARuleIsClearedAndOneInConflictIsNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure error
		again   int
	}{
		"rule":      {problem.Rule("JOB_FINISHED", "the job is finished"), 0},
		"not found": {fmt.Errorf("load: %w", problem.NotFound("job")), 0},
		"conflict":  {problem.Conflict(), 1},
		"limit":     {problem.New(429, "TOO_MANY", "Too many", "come back later"), 1},
		"down":      {problem.Unavailable("a part is down"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.arm(t, start)
			r.failure = c.failure
			r.fails.Store(1)
			r.look()
			r.clock.set(start.Add(time.Hour)) // its lease has ended
			r.look()
			if n := len(r.fired); n != c.again {
				t.Errorf("the timer came back %d times, want %d", n, c.again)
			}
			r.count(t, map[string]float64{"refused_total": float64(1 - c.again), "failures_total": float64(c.again)})
		})
	}
}

func TestTimersOfOtherModulesAreLeftToTheirApps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	foreign := outboxtest.Stream(uuid.New())
	foreign.Module = "billing"
	r.armStream(t, foreign, start)
	r.arm(t, start)
	r.look()
	if n := len(r.fired); n != 1 {
		t.Errorf("%d timers fired, want the own one", n)
	}
	// It is not even leased: the app that has the module gets it at once.
	due, err := r.store.DueTimers(t.Context(), []string{"billing"}, start, 10)
	if err != nil || len(due) != 1 || due[0].Stream != foreign {
		t.Errorf("due for the other app: %+v, %v", due, err)
	}
}

func TestFiringTwiceHasOneEffect(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	stream := r.arm(t, start)
	due := timer.Due{Stream: stream, Name: "stale", Due: start}
	for range 3 {
		if err := r.fire(t.Context(), due); err != nil {
			t.Fatal(err)
		}
	}
	if v := r.versions(t, stream); v != 2 {
		t.Errorf("the stream is at version %d, want 2", v)
	}
	due.Due = start.Add(time.Hour)
	if err := r.fire(t.Context(), due); err != nil {
		t.Fatal(err)
	}
	if v := r.versions(t, stream); v != 3 {
		t.Errorf("the timer set anew has left version %d, want 3", v)
	}
}
