package eventstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

var (
	//go:embed migrations/*.sql
	migrations embed.FS
	//go:embed bootstrap.sql
	bootstrap string
	//go:embed epoch.sql
	epoch string
)

// Migrate prepares a database for the event store, or brings it up to date: the
// roles, the schema oksai and its tables. The user of the URL must be able to
// create roles, or the roles must exist and be granted to it. It may run any
// number of times, also at the same time.
func Migrate(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("migrate the event store: read the database URL: %w", err)
	}
	if err := execute(ctx, config, bootstrap); err != nil {
		return fmt.Errorf("migrate the event store: create roles and schema: %w", err)
	}
	// What is created from here on belongs to the owner's role, whoever connects.
	owner := config.Copy()
	owner.RuntimeParams["role"] = "oksai_owner"
	if err := applyMigrations(ctx, owner); err != nil {
		return fmt.Errorf("migrate the event store: %w", err)
	}
	if err := execute(ctx, config, epoch); err != nil {
		return fmt.Errorf("migrate the event store: compare the cluster's epoch: %w", err)
	}
	return nil
}

func applyMigrations(ctx context.Context, config *pgx.ConnConfig) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	// Seconds between two attempts, and their number: five minutes for whoever is first.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	database := stdlib.OpenDB(*config)
	defer database.Close()
	return up(ctx, database, files, locker)
}

func up(ctx context.Context, database *sql.DB, files fs.FS, locker lock.SessionLocker) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, database, files,
		goose.WithTableName("oksai.schema_version"), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// execute runs a script on a connection of its own, as one transaction.
func execute(ctx context.Context, config *pgx.ConnConfig, script string) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, script)
	return err
}
