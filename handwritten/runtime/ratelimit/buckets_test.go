package ratelimit_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/oksai/oksai/handwritten/runtime/ratelimit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// times is a clock that a test moves.
type times struct {
	mu  sync.Mutex
	now time.Time
	set func(time.Time) // tells the other clocks
}

func newTimes(set func(time.Time)) *times {
	c := &times{now: time.Date(2026, 1, 31, 12, 0, 0, 123456000, time.UTC), set: set}
	c.pass(0)
	return c
}

func (c *times) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *times) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.set(c.now)
}

func newRedis(t *testing.T) (*miniredis.Miniredis, *redis.Client) {
	t.Helper()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return server, client
}

// TestBuckets holds both implementations to the same behaviour.
func TestBuckets(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		conform(t, func(*testing.T) (ratelimit.Buckets, *times) {
			clock := newTimes(func(time.Time) {})
			return ratelimit.NewMemory(100, clock.Now), clock
		})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		conform(t, func(t *testing.T) (ratelimit.Buckets, *times) {
			server, client := newRedis(t)
			return ratelimit.NewRedis(client, "test:"), newTimes(server.SetTime)
		})
	})
}

func conform(t *testing.T, open func(*testing.T) (ratelimit.Buckets, *times)) {
	rate := ratelimit.Rate{PerSecond: 4, Burst: 10}
	type step struct {
		pass time.Duration
		key  string
		rate ratelimit.Rate
		n    int64
		want ratelimit.Grant
	}
	for name, steps := range map[string][]step{
		"a new bucket is full":                {{0, "a", rate, 3, ratelimit.Grant{Tokens: 3, Left: 7}}},
		"what there is of what is asked":      {{0, "a", rate, 30, ratelimit.Grant{Tokens: 10}}, {0, "a", rate, 1, ratelimit.Grant{}}},
		"it fills evenly":                     {{0, "a", rate, 10, ratelimit.Grant{Tokens: 10}}, {125 * time.Millisecond, "a", rate, 1, ratelimit.Grant{Left: 0.5}}, {125 * time.Millisecond, "a", rate, 1, ratelimit.Grant{Tokens: 1}}},
		"it does not overflow":                {{0, "a", rate, 4, ratelimit.Grant{Tokens: 4, Left: 6}}, {time.Hour, "a", rate, 1, ratelimit.Grant{Tokens: 1, Left: 9}}},
		"each key has its own":                {{0, "a", rate, 10, ratelimit.Grant{Tokens: 10}}, {0, "b", rate, 10, ratelimit.Grant{Tokens: 10}}},
		"a smaller bucket holds less at once": {{0, "a", rate, 1, ratelimit.Grant{Tokens: 1, Left: 9}}, {0, "a", ratelimit.Rate{PerSecond: 1, Burst: 2}, 5, ratelimit.Grant{Tokens: 2}}},
		"parts of a second add up": {{0, "a", rate, 10, ratelimit.Grant{Tokens: 10}}, {100 * time.Millisecond, "a", rate, 1, ratelimit.Grant{Left: 0.4}},
			{100 * time.Millisecond, "a", rate, 1, ratelimit.Grant{Left: 0.8}}, {50 * time.Millisecond, "a", rate, 1, ratelimit.Grant{Tokens: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			buckets, clock := open(t)
			for i, s := range steps {
				clock.pass(s.pass)
				got, err := buckets.Take(t.Context(), s.key, s.rate, s.n)
				if err != nil || got.Tokens != s.want.Tokens || math.Abs(got.Left-s.want.Left) > 1e-5 {
					t.Fatalf("step %d: got %+v, %v; want %+v", i, got, err, s.want)
				}
			}
		})
	}
	t.Run("no token is given twice", func(t *testing.T) {
		buckets, _ := open(t)
		const burst = 20_000 // so many that takers meet
		begin := make(chan struct{})
		given := make([]int64, 64)
		var all sync.WaitGroup
		for i := range given {
			all.Go(func() {
				<-begin
				for more := true; more; {
					grant, err := buckets.Take(context.Background(), "a", ratelimit.Rate{PerSecond: 1, Burst: burst}, 3)
					if err != nil {
						t.Error(err)
					}
					given[i] += grant.Tokens
					more = grant.Tokens > 0
				}
			})
		}
		close(begin)
		all.Wait()
		if sum := total(given); sum != burst {
			t.Errorf("%d tokens of %d were given", sum, burst)
		}
	})
}

func total(numbers []int64) (sum int64) {
	for _, n := range numbers {
		sum += n
	}
	return sum
}

func TestABucketThatIsForgottenIsFull(t *testing.T) {
	t.Parallel()
	memory, rate := ratelimit.NewMemory(2, time.Now), ratelimit.Rate{PerSecond: 0.001, Burst: 1}
	for _, key := range []string{"a", "b", "c", "a"} {
		if grant, _ := memory.Take(t.Context(), key, rate, 1); grant.Tokens != 1 {
			t.Errorf("%s got %+v", key, grant)
		}
	}
	if grant, _ := memory.Take(t.Context(), "c", rate, 1); grant.Tokens != 0 {
		t.Errorf("c, which is remembered, got %+v", grant)
	}
}

func TestWhatIsNoBucket(t *testing.T) {
	t.Parallel()
	server, client := newRedis(t)
	if err := server.Set("test:a", "something else"); err != nil {
		t.Fatal(err)
	}
	if _, err := ratelimit.NewRedis(client, "test:").Take(t.Context(), "a", ratelimit.PerSecond(1), 1); err == nil {
		t.Error("tokens came from a text")
	}
}

func TestFullBucketsAreForgottenInRedis(t *testing.T) {
	t.Parallel()
	server, client := newRedis(t)
	if _, err := ratelimit.NewRedis(client, "test:").Take(t.Context(), "a", ratelimit.Rate{PerSecond: 1, Burst: 60}, 60); err != nil {
		t.Fatal(err)
	}
	if ttl := server.TTL("test:a"); ttl != 61*time.Second {
		t.Errorf("it is kept for %v", ttl)
	}
}
