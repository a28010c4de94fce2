package enginetest

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Postgres is the URL of a fresh, empty database; its user is the superuser.
// The database is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	server := postgres.get(t).PostgresURL
	name := databaseName(t)
	execute(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("enginetest: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

// execute runs one statement on a connection of its own. It takes no context of
// the test, which has ended when databases are dropped.
func execute(t testing.TB, server, statement string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("enginetest: connect to postgres: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Errorf("enginetest: %s: %v", statement, err)
	}
}
