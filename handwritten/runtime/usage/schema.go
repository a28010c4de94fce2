// Package usage counts what tenants use that no event tells of: their API calls,
// by day (UTC), for their plans' limits and for billing.
package usage

import (
	"context"
	"embed"

	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate prepares a database that eventstore.Migrate has prepared, or brings it
// up to date. It may run any number of times, also at the same time.
func Migrate(ctx context.Context, url string) error {
	return eventstore.MigrateSchema(ctx, url, "oksai_usage", migrations)
}
