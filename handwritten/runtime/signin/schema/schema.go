// Package schema is the database schema oksai_identity, in which the packages
// below signin keep what they know.
package schema

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
	return eventstore.MigrateSchema(ctx, url, "oksai_identity", migrations)
}
