package cache_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/cache"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type job struct{ Title string }

func newCache(t *testing.T, log *bytes.Buffer) (*miniredis.Miniredis, *cache.Cache[job]) {
	t.Helper()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	logger := slog.New(slog.DiscardHandler)
	if log != nil {
		logger = slog.New(slog.NewTextHandler(log, nil))
	}
	// Timeouts are generous: a slow test machine must not look like a dead Redis.
	return server, cache.New[job](client, cache.Config{Name: "jobs", TTL: time.Minute, Timeout: 10 * time.Second, Log: logger})
}

func must(t *testing.T, c *cache.Cache[job], tenant uuid.UUID, atLeast int64, load func(context.Context) (job, int64, error)) job {
	t.Helper()
	got, err := c.Get(context.Background(), tenant, "k", atLeast, load)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// source loads a title at a version and counts.
func source(title string, version int64, loads *atomic.Int32) func(context.Context) (job, int64, error) {
	return func(context.Context) (job, int64, error) {
		loads.Add(1)
		return job{title}, version, nil
	}
}

func TestSecondReadComesFromRedis(t *testing.T) {
	t.Parallel()
	server, c := newCache(t, nil)
	tenant, loads := uuid.New(), new(atomic.Int32)
	for range 3 {
		if got := must(t, c, tenant, 0, source("ship", 1, loads)); got.Title != "ship" {
			t.Fatalf("Get = %+v", got)
		}
	}
	if loads.Load() != 1 {
		t.Errorf("%d loads, want 1", loads.Load())
	}
	if ttl := server.TTL("jobs:" + tenant.String() + ":k"); ttl < 54*time.Second || ttl > time.Minute {
		t.Errorf("TTL %s is not within a tenth of a minute", ttl)
	}
	server.FastForward(time.Minute)
	must(t, c, tenant, 0, source("ship", 1, loads))
	if loads.Load() != 2 {
		t.Errorf("after the TTL: %d loads, want 2", loads.Load())
	}
	c.Forget(context.Background(), tenant, "k")
	must(t, c, tenant, 0, source("ship", 1, loads))
	if loads.Load() != 3 {
		t.Errorf("after Forget: %d loads, want 3", loads.Load())
	}
}

func TestOlderVersionThanAskedForIsNotUsed(t *testing.T) {
	t.Parallel()
	_, c := newCache(t, nil)
	tenant, loads := uuid.New(), new(atomic.Int32)
	must(t, c, tenant, 0, source("old", 1, loads))
	if got := must(t, c, tenant, 2, source("new", 2, loads)); got.Title != "new" {
		t.Errorf("asked for version 2, got %+v", got)
	}
	if got := must(t, c, tenant, 1, source("never", 9, loads)); got.Title != "new" {
		t.Errorf("a newer version than asked for must do, got %+v", got)
	}
}

func TestTenantsAreApartEvenIfRedisMixesThemUp(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	server, c := newCache(t, &log)
	a, b, loads := uuid.New(), uuid.New(), new(atomic.Int32)
	must(t, c, a, 0, source("secret of a", 1, loads))
	if got := must(t, c, b, 0, source("of b", 1, loads)); got.Title != "of b" {
		t.Fatalf("tenant b got %+v", got)
	}
	swapped, err := server.Get("jobs:" + a.String() + ":k")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Set("jobs:"+b.String()+":k", swapped); err != nil {
		t.Fatal(err)
	}
	if got := must(t, c, b, 0, source("of b", 1, loads)); got.Title != "of b" {
		t.Errorf("with a's value under b's key, b got %+v", got)
	}
	if !strings.Contains(log.String(), "another key or tenant") {
		t.Error("the mix-up was not logged")
	}
}

func TestGarbageIsAMiss(t *testing.T) {
	t.Parallel()
	server, c := newCache(t, nil)
	tenant, loads := uuid.New(), new(atomic.Int32)
	for _, garbage := range []string{"", "{", "null", `{"tenant":1}`, "[]"} {
		if err := server.Set("jobs:"+tenant.String()+":k", garbage); err != nil {
			t.Fatal(err)
		}
		if got := must(t, c, tenant, 0, source("made anew", 1, loads)); got.Title != "made anew" {
			t.Errorf("with %q in Redis: %+v", garbage, got)
		}
	}
}

func TestRedisDownCostsTimeNotRequests(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	server, c := newCache(t, &log)
	tenant, loads := uuid.New(), new(atomic.Int32)
	must(t, c, tenant, 0, source("ship", 1, loads))
	server.Close()
	for range 20 {
		if got := must(t, c, tenant, 0, source("from source", 1, loads)); got.Title != "from source" {
			t.Fatalf("Get = %+v", got)
		}
	}
	c.Forget(context.Background(), tenant, "k")
	if n := strings.Count(log.String(), "Redis failed"); n < 1 || n > 3 {
		t.Errorf("%d warnings for 20 reads, want one per pause:\n%s", n, log.String())
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	c, loads := cache.New[job](nil, cache.Config{Name: "jobs", TTL: time.Minute}), new(atomic.Int32)
	must(t, c, uuid.New(), 0, source("ship", 1, loads))
	c.Forget(context.Background(), uuid.New(), "k")
}

func TestRedisComesBack(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	var offset atomic.Int64
	clock := func() time.Time { return time.Unix(1000, offset.Load()) }
	c := cache.New[job](client, cache.Config{Name: "jobs", TTL: time.Minute, Timeout: 10 * time.Second, Clock: clock, Log: slog.New(slog.DiscardHandler)})
	tenant, loads := uuid.New(), new(atomic.Int32)
	server.SetError("LOADING")
	must(t, c, tenant, 0, source("ship", 1, loads))
	server.SetError("")
	must(t, c, tenant, 0, source("ship", 1, loads)) // still in the pause
	offset.Store(int64(2 * time.Second))
	must(t, c, tenant, 0, source("ship", 1, loads))
	must(t, c, tenant, 0, source("ship", 1, loads))
	if loads.Load() != 3 {
		t.Errorf("%d loads, want 3: the fourth read should be a hit", loads.Load())
	}
}

func TestConcurrentReadsShareOneLoadAndErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	_, c := newCache(t, nil)
	tenant, loads, gate, broken := uuid.New(), new(atomic.Int32), make(chan struct{}), errors.New("broken")
	load := func(context.Context) (job, int64, error) {
		loads.Add(1)
		<-gate
		return job{}, 0, broken
	}
	cancelled, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := c.Get(cancelled, tenant, "k", 0, load); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled Get = %v", err)
		}
	})
	cancel()
	all.Wait()
	for range 20 {
		all.Go(func() {
			if _, err := c.Get(context.Background(), tenant, "k", 0, load); !errors.Is(err, broken) {
				t.Errorf("Get = %v, want the load's error", err)
			}
		})
	}
	close(gate)
	all.Wait()
	if got := must(t, c, tenant, 0, source("fine now", 1, loads)); got.Title != "fine now" {
		t.Errorf("after the error: %+v", got)
	}
}
