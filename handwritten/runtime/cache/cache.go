// Package cache keeps what is read often and slow to make in Redis, shared by
// all replicas. It is an accelerator and never a dependency: with Redis down
// or answering nonsense every read is made anew, and none fails.
package cache

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"
)

// Config says how one kind of value is cached.
type Config struct {
	// Name begins the keys, e.g. "oksai:tenant-status:1"; change it when the value's shape changes.
	Name string
	// TTL is how old a value may get. Up to a tenth less is taken, so that values
	// made together do not all have to be made anew together.
	TTL time.Duration
	// Timeout bounds each exchange with Redis; default 50 ms.
	Timeout time.Duration
	// Pause is for how long Redis is left alone after it failed; default 1 s.
	Pause time.Duration
	// LoadTimeout bounds making a value; default 10 s.
	LoadTimeout time.Duration
	Clock       func() time.Time
	Log         *slog.Logger
}

// Cache holds values of type T, which must survive JSON. Every value belongs to
// a tenant: its id is in the key, and in the value, where it is checked on reading.
type Cache[T any] struct {
	redis   redis.UniversalClient
	cfg     Config
	loading singleflight.Group
	resume  atomic.Int64 // Redis is left alone until then; Unix nanoseconds
}

// New returns a cache on client; nil means no Redis at all.
func New[T any](client redis.UniversalClient, cfg Config) *Cache[T] {
	cfg.Timeout = cmp.Or(cfg.Timeout, 50*time.Millisecond)
	cfg.Pause = cmp.Or(cfg.Pause, time.Second)
	cfg.LoadTimeout = cmp.Or(cfg.LoadTimeout, 10*time.Second)
	cfg.Log = cmp.Or(cfg.Log, slog.Default())
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Cache[T]{redis: client, cfg: cfg}
}

// entry repeats what the key says: a client library that hands out another
// request's reply must not show one tenant's data to another.
type entry[T any] struct {
	Tenant  uuid.UUID `json:"tenant"`
	Key     string    `json:"key"`
	Version int64     `json:"version"`
	Value   T         `json:"value"`
}

// Get returns the value of key with version atLeast or newer, from Redis or by
// load, which returns the value and its version. What has no versions uses 0.
// Concurrent calls share one load; its errors are returned, and not remembered.
func (c *Cache[T]) Get(ctx context.Context, tenant uuid.UUID, key string, atLeast int64, load func(context.Context) (T, int64, error)) (T, error) {
	if e, ok := c.read(ctx, tenant, key); ok && e.Version >= atLeast {
		return e.Value, nil
	}
	flight := tenant.String() + "\x00" + key + "\x00" + strconv.FormatInt(atLeast, 10)
	loaded := c.loading.DoChan(flight, func() (any, error) {
		// Shared by all who wait, so the first caller's cancellation must not end it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.LoadTimeout)
		defer cancel()
		value, version, err := load(ctx)
		if err != nil {
			return nil, err
		}
		c.write(ctx, entry[T]{tenant, key, version, value})
		return value, nil
	})
	var none T
	select {
	case r := <-loaded:
		if r.Err != nil {
			return none, r.Err
		}
		return r.Val.(T), nil
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// Forget removes a value; without Redis it does nothing, and the TTL has to do.
func (c *Cache[T]) Forget(ctx context.Context, tenant uuid.UUID, key string) {
	c.ask(ctx, "forget", func(ctx context.Context) error { return c.redis.Del(ctx, c.redisKey(tenant, key)).Err() })
}

func (c *Cache[T]) read(ctx context.Context, tenant uuid.UUID, key string) (e entry[T], ok bool) {
	var raw []byte
	c.ask(ctx, "read", func(ctx context.Context) (err error) {
		raw, err = c.redis.Get(ctx, c.redisKey(tenant, key)).Bytes()
		return err
	})
	if raw == nil {
		return e, false
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		c.cfg.Log.WarnContext(ctx, "cache: value ignored: it is not of this shape", "cache", c.cfg.Name, "error", err)
		return entry[T]{}, false
	}
	if e.Tenant != tenant || e.Key != key {
		c.cfg.Log.ErrorContext(ctx, "cache: value ignored: it belongs to another key or tenant", "cache", c.cfg.Name)
		return entry[T]{}, false
	}
	return e, true
}

func (c *Cache[T]) write(ctx context.Context, e entry[T]) {
	raw, err := json.Marshal(e)
	if err != nil {
		c.cfg.Log.ErrorContext(ctx, "cache: value not kept: it cannot be written as JSON", "cache", c.cfg.Name, "error", err)
		return
	}
	ttl := c.cfg.TTL - rand.N(c.cfg.TTL/10+1)
	c.ask(ctx, "write", func(ctx context.Context) error {
		return c.redis.Set(ctx, c.redisKey(e.Tenant, e.Key), raw, ttl).Err()
	})
}

// ask talks to Redis within the time-out. A failure is logged once per pause,
// during which Redis is not asked: a dead one must not cost every read a time-out.
func (c *Cache[T]) ask(ctx context.Context, what string, exchange func(context.Context) error) {
	if c.redis == nil || c.cfg.Clock().UnixNano() < c.resume.Load() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	err := exchange(limited)
	if err == nil || errors.Is(err, redis.Nil) || ctx.Err() != nil {
		return
	}
	c.resume.Store(c.cfg.Clock().Add(c.cfg.Pause).UnixNano())
	c.cfg.Log.WarnContext(ctx, "cache: Redis failed; going on without it for a moment", "cache", c.cfg.Name, "operation", what, "error", err)
}

func (c *Cache[T]) redisKey(tenant uuid.UUID, key string) string {
	return c.cfg.Name + ":" + tenant.String() + ":" + key
}
