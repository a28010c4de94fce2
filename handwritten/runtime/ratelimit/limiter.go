package ratelimit

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// leaseTime is how long tokens that were fetched for later calls may be kept.
	leaseTime = time.Second
	// leaseShare is the share of a bucket that is fetched at once, and maxLease its bound.
	leaseShare, maxLease = 50, 1000
	// maxKeys bounds the keys that a process remembers.
	maxKeys = 65536
)

// Config says what a Limiter limits. Only Name and Rate are required.
type Config struct {
	// Name is what clients are told that the limit is per, e.g. "tenant".
	Name string
	Rate Rate
	// Alone is the rate of this process alone while Shared fails; default Rate.
	// A stricter one keeps an outage from becoming somebody's chance.
	Alone Rate
	// Shared are the buckets of all processes; nil means that this is the only one.
	Shared Buckets
	// Timeout bounds each exchange with Shared; default 50 ms. Pause is for how
	// long it is left alone after it failed; default 1 s.
	Timeout, Pause time.Duration
	Clock          func() time.Time
	Log            *slog.Logger
}

// Limiter limits calls by key. To ask Redis for every call would cost more than
// many a call does, so a process fetches tokens in small batches, of a fiftieth
// of the bucket and a thousand at most, and drops what it has not used after a
// second. What that costs in exactness: in any time t all processes together let
// through at most Burst + t·PerSecond calls and one batch for each process; and
// of a bucket that few calls use, up to a batch per process and second is lost.
// Buckets of less than 100 tokens are exact: their batches are of one.
type Limiter struct {
	cfg    Config
	batch  int64
	own    *Memory
	leases *lru.Cache[string, *lease]
	resume atomic.Int64 // Shared is left alone until then; Unix nanoseconds
}

// lease is what a process has of one bucket.
type lease struct {
	mu     sync.Mutex
	tokens int64     // fetched and not used yet
	left   float64   // in the bucket, when it was last looked at
	until  time.Time // both are known for so long; without tokens, the next ones come then
}

// Verdict tells whether a call may be made now.
type Verdict struct {
	OK bool
	// Left is how many calls could follow at once, as far as this process knows.
	Left int64
	// Wait is how long it takes until the next call may be made; 0 if OK.
	Wait time.Duration
}

// New lists everything that is wrong with cfg.
func New(cfg Config) (*Limiter, error) {
	if cfg.Alone == (Rate{}) {
		cfg.Alone = cfg.Rate
	}
	if err := errors.Join(cfg.Rate.validate(), cfg.Alone.validate()); err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 50*time.Millisecond)
	cfg.Pause = cmp.Or(cfg.Pause, time.Second)
	cfg.Log = cmp.Or(cfg.Log, slog.Default())
	leases, err := lru.New[string, *lease](maxKeys)
	if err != nil {
		return nil, err
	}
	batch := max(1, min(cfg.Rate.Burst/leaseShare, maxLease))
	return &Limiter{cfg: cfg, batch: batch, own: NewMemory(maxKeys, cfg.Clock), leases: leases}, nil
}

// Name is what the limit is per.
func (l *Limiter) Name() string { return l.cfg.Name }

// Rate is what is granted while all is well.
func (l *Limiter) Rate() Rate { return l.cfg.Rate }

// Take asks for one call of key. It always answers: see Config.Alone.
func (l *Limiter) Take(ctx context.Context, key string) Verdict {
	held := l.lease(key)
	held.mu.Lock()
	defer held.mu.Unlock()
	now := l.cfg.Clock()
	if !now.Before(held.until) {
		l.renew(ctx, key, held, now)
	}
	if held.tokens == 0 {
		return Verdict{Wait: held.until.Sub(now)}
	}
	held.tokens--
	left := held.tokens + int64(held.left)
	if held.tokens == 0 {
		held.until = now // the next call fetches more
	}
	return Verdict{OK: true, Left: left}
}

func (l *Limiter) lease(key string) *lease {
	fresh := &lease{}
	if held, ok, _ := l.leases.PeekOrAdd(key, fresh); ok {
		l.leases.Get(key) // it is in use
		return held
	}
	return fresh
}

// renew fetches tokens; where there are none, it says when to ask again.
func (l *Limiter) renew(ctx context.Context, key string, held *lease, now time.Time) {
	grant, rate := l.fetch(ctx, key, now)
	held.tokens, held.left, held.until = grant.Tokens, grant.Left, now.Add(leaseTime)
	if grant.Tokens == 0 {
		held.until = now.Add(max(rate.until(1-grant.Left), time.Millisecond))
	}
}

// fetch takes from the shared buckets, or from this process's own while those are away.
func (l *Limiter) fetch(ctx context.Context, key string, now time.Time) (Grant, Rate) {
	if l.cfg.Shared != nil && now.UnixNano() >= l.resume.Load() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cfg.Timeout)
		defer cancel()
		grant, err := l.cfg.Shared.Take(limited, key, l.cfg.Rate, l.batch)
		if err == nil {
			return grant, l.cfg.Rate
		}
		l.resume.Store(now.Add(l.cfg.Pause).UnixNano())
		l.cfg.Log.WarnContext(ctx, "rate limit: the shared buckets failed; counting alone for a moment", "limit", l.cfg.Name, "error", err)
	}
	rate := l.cfg.Rate
	if l.cfg.Shared != nil {
		rate = l.cfg.Alone
	}
	grant, _ := l.own.Take(ctx, key, rate, 1) // memory does not fail
	return grant, rate
}
