package ratelimit_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oksai/oksai/handwritten/runtime/ratelimit"
)

// shared are the buckets of several processes in a test; they can be away.
type shared struct {
	ratelimit.Buckets
	away  atomic.Bool
	asked atomic.Int64
}

func (s *shared) Take(ctx context.Context, key string, rate ratelimit.Rate, n int64) (ratelimit.Grant, error) {
	s.asked.Add(1)
	if s.away.Load() {
		return ratelimit.Grant{}, errors.New("redis is away")
	}
	return s.Buckets.Take(ctx, key, rate, n)
}

func newShared() (*shared, *times) {
	clock := newTimes(func(time.Time) {})
	return &shared{Buckets: ratelimit.NewMemory(1000, clock.Now)}, clock
}

func newLimiter(t *testing.T, cfg ratelimit.Config) *ratelimit.Limiter {
	t.Helper()
	cfg.Name, cfg.Log = "tenant", slog.New(slog.DiscardHandler)
	l, err := ratelimit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// drain makes calls until one is refused, and returns how many went through.
func drain(t *testing.T, l *ratelimit.Limiter, key string) (calls int64) {
	t.Helper()
	for l.Take(t.Context(), key).OK {
		if calls++; calls > 1e6 {
			t.Fatal("nothing limits the calls")
		}
	}
	return calls
}

// Three processes, each with 64 clients, try to make calls for ten seconds.
func TestProcessesTogetherKeepTheRate(t *testing.T) {
	t.Parallel()
	const processes, seconds, batch = 3, 10, 20
	rate := ratelimit.Rate{PerSecond: 500, Burst: 1000}
	buckets, clock := newShared()
	var calls atomic.Int64
	limiters := make([]*ratelimit.Limiter, processes)
	for i := range limiters {
		limiters[i] = newLimiter(t, ratelimit.Config{Rate: rate, Shared: buckets, Clock: clock.Now})
	}
	for range seconds * 10 {
		var all sync.WaitGroup
		for _, l := range limiters {
			for range 64 {
				all.Go(func() {
					for range 5 {
						if l.Take(context.Background(), "acme").OK {
							calls.Add(1)
						}
					}
				})
			}
		}
		all.Wait()
		clock.pass(100 * time.Millisecond)
	}
	most := rate.Burst + seconds*int64(rate.PerSecond)
	if got := calls.Load(); got > most+processes*batch || got < most-processes*batch-int64(rate.PerSecond)/10 {
		t.Errorf("%d calls, want %d within a batch for each process", got, most)
	}
	// In each of the steps a process also gets what is left of a batch, and then nothing.
	if asked := buckets.asked.Load(); asked > most/batch+2*seconds*10*processes {
		t.Errorf("%d exchanges for %d calls", asked, calls.Load())
	}
}

func TestSmallBucketsAreExact(t *testing.T) {
	t.Parallel()
	buckets, clock := newShared()
	config := ratelimit.Config{Rate: ratelimit.Rate{PerSecond: 1, Burst: 5}, Shared: buckets, Clock: clock.Now}
	a, b := newLimiter(t, config), newLimiter(t, config)
	if !a.Take(t.Context(), "x").OK || drain(t, b, "x") != 4 || drain(t, a, "x") != 0 {
		t.Error("not 5 calls")
	}
	clock.pass(1500 * time.Millisecond)
	if drain(t, b, "x") != 1 {
		t.Error("not one call after a second")
	}
	refused := a.Take(t.Context(), "x")
	if refused.OK || refused.Wait <= 499*time.Millisecond || refused.Wait > 501*time.Millisecond {
		t.Errorf("refused with %+v, want to wait half a second", refused)
	}
}

func TestRefusalsAskNobody(t *testing.T) {
	t.Parallel()
	buckets, clock := newShared()
	l := newLimiter(t, ratelimit.Config{Rate: ratelimit.Rate{PerSecond: 1, Burst: 5}, Shared: buckets, Clock: clock.Now})
	drain(t, l, "x")
	before := buckets.asked.Load()
	for range 1000 {
		l.Take(t.Context(), "x")
	}
	if asked := buckets.asked.Load() - before; asked != 0 {
		t.Errorf("1000 refusals asked %d times", asked)
	}
}

func TestAloneWhileTheSharedBucketsAreAway(t *testing.T) {
	t.Parallel()
	buckets, clock := newShared()
	rate := ratelimit.Rate{PerSecond: 10, Burst: 100}
	l := newLimiter(t, ratelimit.Config{Rate: rate, Alone: rate.Part(0.25), Shared: buckets, Clock: clock.Now})
	buckets.away.Store(true)
	if got := drain(t, l, "x"); got != 25 {
		t.Errorf("alone it let %d calls through, want a quarter of 100", got)
	}
	if asked := buckets.asked.Load(); asked != 1 {
		t.Errorf("what is away was asked %d times within a second", asked)
	}
	buckets.away.Store(false)
	clock.pass(time.Second)
	if got := drain(t, l, "x"); got != 100 {
		t.Errorf("together again it let %d calls through, want 100", got)
	}
}

// A Redis that takes connections and says nothing must not hold the calls up.
func TestARedisThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	// It would wait for an hour, if it were let.
	client := redis.NewClient(&redis.Options{Addr: silent.Addr().String(), ReadTimeout: time.Hour, ContextTimeoutEnabled: true})
	defer client.Close()
	l := newLimiter(t, ratelimit.Config{Rate: ratelimit.Rate{PerSecond: 0.001, Burst: 3}, Shared: ratelimit.NewRedis(client, "test:")})
	if got := drain(t, l, "x"); got != 3 {
		t.Errorf("%d calls of 3", got)
	}
}

func TestImpossibleRatesAreRefused(t *testing.T) {
	t.Parallel()
	for _, rate := range []ratelimit.Rate{{}, {PerSecond: -1, Burst: 1}, {PerSecond: 1}} {
		if _, err := ratelimit.New(ratelimit.Config{Name: "x", Rate: rate}); err == nil {
			t.Errorf("%+v was taken", rate)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	_, clock := newShared()
	l := newLimiter(t, ratelimit.Config{Rate: ratelimit.Rate{PerSecond: 2, Burst: 10}, Clock: clock.Now})
	h := http.Header{}
	l.State(l.Take(t.Context(), "x")).Tell(h)
	ratelimit.State{Name: "daily", Quota: 1000, Window: 24 * time.Hour, Left: -1, Reset: 90 * time.Minute}.Tell(h)
	if got, want := h.Get("RateLimit-Policy"), `"tenant";q=10;w=5, "daily";q=1000;w=86400`; got != want {
		t.Errorf("RateLimit-Policy: %s, want %s", got, want)
	}
	if got, want := h.Get("RateLimit"), `"tenant";r=9;t=1, "daily";r=0;t=5400`; got != want {
		t.Errorf("RateLimit: %s, want %s", got, want)
	}
	drain(t, l, "x")
	h = http.Header{}
	l.State(l.Take(t.Context(), "x")).Tell(h)
	if got, want := h.Get("RateLimit"), `"tenant";r=0;t=1`; got != want {
		t.Errorf("RateLimit when refused: %s, want %s", got, want)
	}
}

func BenchmarkTake(b *testing.B) {
	l, err := ratelimit.New(ratelimit.Config{Name: "tenant", Rate: ratelimit.PerSecond(1e9), Shared: ratelimit.NewMemory(10, time.Now)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !l.Take(b.Context(), "acme").OK {
			b.Fatal("refused")
		}
	}
}
