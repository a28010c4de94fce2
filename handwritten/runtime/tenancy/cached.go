package tenancy

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/cache"
)

// CacheTTL is how long replicas share an answer in Redis. With a Guard's ttl on
// top a status must not get older than MaxStale.
const CacheTTL = 2 * time.Second

// Cached returns a directory that asks d for what c does not hold.
// c's TTL should be CacheTTL, and the ttl of the Guard in front MaxStale less that.
func Cached(d Directory, c *cache.Cache[Status]) Directory { return cached{d, c} }

type cached struct {
	directory Directory
	cache     *cache.Cache[Status]
}

func (c cached) Status(ctx context.Context, tenant uuid.UUID) (Status, error) {
	return c.cache.Get(ctx, tenant, "status", 0, func(ctx context.Context) (Status, int64, error) {
		status, err := c.directory.Status(ctx, tenant)
		return status, 0, err
	})
}
