package sql_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/gen/tenant"
	"github.com/oksai/oksai/gen/tenant/db"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/sql"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// migrated returns a connection to a database with the runtime's and the modules' tables.
func migrated(t *testing.T) *pgx.Conn {
	t.Helper()
	ctx := t.Context()
	url := enginetest.Postgres(t)
	if err := eventstore.Migrate(ctx, url); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	for range 2 { // every start applies it again
		if _, err := conn.Exec(ctx, sql.Tenant); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// write runs f as the writer of one tenant's transaction does.
func write(t *testing.T, conn *pgx.Conn, of uuid.UUID, f func(*db.Queries) error) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "SET LOCAL ROLE oksai_writer"); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), "SELECT set_config('oksai.tenants', $1, true)", "{"+of.String()+"}"); err != nil {
			return err
		}
		return f(db.New(tx))
	})
}

func refusal(err error) (state, constraint string) {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused.Code, refused.ConstraintName
	}
	return "", ""
}

func TestPostgresKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	conn, ctx := migrated(t), t.Context()
	mine, theirs := uuid.New(), uuid.New()
	row := db.UpsertTenantBySlugParams{TenantID: mine, Slug: "acme", Name: "Acme"}
	if err := write(t, conn, mine, func(q *db.Queries) error { return q.UpsertTenantBySlug(ctx, row) }); err != nil {
		t.Fatal(err)
	}
	err := write(t, conn, theirs, func(q *db.Queries) error {
		return q.UpsertTenantBySlug(ctx, db.UpsertTenantBySlugParams{TenantID: mine, Slug: "stolen"})
	})
	if state, _ := refusal(err); state != "42501" {
		t.Errorf("writing another tenant's row: %v, want insufficient privilege", err)
	}
	err = write(t, conn, theirs, func(q *db.Queries) error {
		_, err := q.GetTenantBySlug(ctx, db.GetTenantBySlugParams{TenantID: mine})
		return err
	})
	if !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("reading another tenant's row as a writer: %v, want no row", err)
	}
}

func TestPostgresSlugIsUniqueAcrossTenants(t *testing.T) {
	t.Parallel()
	conn, ctx := migrated(t), t.Context()
	first, second := uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{first, second} {
		err := write(t, conn, id, func(q *db.Queries) error {
			return q.UpsertTenantBySlug(ctx, db.UpsertTenantBySlugParams{TenantID: id, Slug: "acme", Name: "Acme"})
		})
		if state, constraint := refusal(err); id == second && (state != "23505" || constraint != "tenant_by_slug_slug") {
			t.Errorf("the second acme: %v, want a violation of tenant_by_slug_slug", err)
		}
	}
	found, err := db.New(conn).GetTenantBySlug(ctx, db.GetTenantBySlugParams{TenantID: first})
	if err != nil || found.Slug != "acme" {
		t.Errorf("found %v, %v, want the first tenant with its slug", found, err)
	}
}

// A row is written again for each event; one version of it must remain, also
// where a column that lists sort by has changed.
func TestClickHouseKeepsOneVersionOfARow(t *testing.T) {
	t.Parallel()
	options, err := clickhouse.ParseDSN(enginetest.ClickHouse(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	for _, table := range []projection.Table{job.JobFactsProjection.Table, job.TenantDailyJobStatsProjection.Table, tenant.TenantsProjection.Table} {
		if err := conn.Exec(t.Context(), strings.ReplaceAll(table.DDL, "{table}", table.SQLName())); err != nil {
			t.Fatalf("%s: %v", table.Name, err)
		}
	}
	name := job.JobFactsProjection.Table.SQLName()
	id, now := uuid.New(), time.Now().UTC()
	for position, createdAt := range []time.Time{now, now.Add(time.Second)} {
		err := conn.Exec(t.Context(), "INSERT INTO "+name+" (tenant_id, job_id, created_at, _position) SELECT {id:UUID}, {id:UUID}, {at:DateTime64(6, 'UTC')}, {position:UInt128}",
			clickhouse.Named("id", id.String()), clickhouse.Named("at", createdAt.Format("2006-01-02 15:04:05.000000")), clickhouse.Named("position", position+1))
		if err != nil {
			t.Fatal(err)
		}
	}
	var rows uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM "+name+" FINAL").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if rows != 1 {
		t.Errorf("%d versions of one row are left, want 1", rows)
	}
}
