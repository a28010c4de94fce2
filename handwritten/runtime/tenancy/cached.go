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
func Cached(d Directory, c *cache.Cache[Standing]) Directory { return cached{d, c} }

type cached struct {
	directory Directory
	cache     *cache.Cache[Standing]
}

func (c cached) Standing(ctx context.Context, tenant uuid.UUID) (Standing, error) {
	return c.cache.Get(ctx, tenant, "standing", 0, func(ctx context.Context) (Standing, int64, error) {
		standing, err := c.directory.Standing(ctx, tenant)
		return standing, 0, err
	})
}
