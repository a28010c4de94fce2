package ratelimit

import (
	"context"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Memory keeps buckets in this process. It remembers only the most recently used
// ones, so that no number of clients can fill the memory: a bucket that is
// forgotten is full again.
type Memory struct {
	mu      sync.Mutex
	buckets *lru.Cache[string, bucket]
	clock   func() time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

// NewMemory returns buckets for size keys at most.
func NewMemory(size int, clock func() time.Time) *Memory {
	buckets, err := lru.New[string, bucket](size)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return &Memory{buckets: buckets, clock: clock}
}

// Take implements Buckets; it never fails.
func (m *Memory) Take(_ context.Context, key string, rate Rate, n int64) (Grant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	b, known := m.buckets.Get(key)
	if !known {
		b = bucket{tokens: float64(rate.Burst), at: now}
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens += passed.Seconds() * rate.PerSecond
		b.at = now
	}
	b.tokens = min(b.tokens, float64(rate.Burst))
	given := min(n, int64(b.tokens))
	b.tokens -= float64(given)
	m.buckets.Add(key, b)
	return Grant{Tokens: given, Left: b.tokens}, nil
}
