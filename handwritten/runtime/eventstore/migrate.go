package eventstore

import (
	"context"
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
	if err := applyMigrations(ctx, config, "oksai", migrations); err != nil {
		return fmt.Errorf("migrate the event store: %w", err)
	}
	if err := execute(ctx, config, epoch); err != nil {
		return fmt.Errorf("migrate the event store: compare the cluster's epoch: %w", err)
	}
	return nil
}

// MigrateSchema prepares a schema beside the event store's, or brings it up to
// date with the folder "migrations" of files. Migrate must have made the roles,
// to which the migrations grant what they need.
func MigrateSchema(ctx context.Context, url, schema string, files fs.FS) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("migrate the schema %s: read the database URL: %w", schema, err)
	}
	// Replicas may all migrate at their start, and IF NOT EXISTS does not wait for others.
	create := "SELECT pg_advisory_xact_lock(hashtext('oksai.bootstrap')); CREATE SCHEMA IF NOT EXISTS " +
		pgx.Identifier{schema}.Sanitize() + " AUTHORIZATION oksai_owner"
	if err := execute(ctx, config, create); err != nil {
		return fmt.Errorf("migrate the schema %s: create it: %w", schema, err)
	}
	if err := applyMigrations(ctx, config, schema, files); err != nil {
		return fmt.Errorf("migrate the schema %s: %w", schema, err)
	}
	return nil
}

func applyMigrations(ctx context.Context, config *pgx.ConnConfig, schema string, files fs.FS) error {
	files, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	// Seconds between two attempts, and their number: five minutes for whoever is first.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	// What is created from here on belongs to the owner's role, whoever connects.
	owner := config.Copy()
	owner.RuntimeParams["role"] = "oksai_owner"
	database := stdlib.OpenDB(*owner)
	defer database.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, database, files,
		goose.WithTableName(schema+".schema_version"), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
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
