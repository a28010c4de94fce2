package query_test

import (
	"context"
	"fmt"
	"math/big"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/query"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// opener makes the table of one store with the given rows.
type opener func(t *testing.T, batches ...[]stored) (query.DB, query.List[row])

// eachStore runs a test of what lists mean in every store.
func eachStore(t *testing.T, test func(t *testing.T, open opener)) {
	t.Parallel()
	for name, open := range map[string]opener{"clickhouse": clickHouse, "postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

// clickHouse has each batch in a part of its own: only FINAL makes one row of several.
func clickHouse(t *testing.T, batches ...[]stored) (query.DB, query.List[row]) {
	t.Helper()
	conn, err := projection.Open(enginetest.ClickHouse(t))
	check(t, err)
	t.Cleanup(func() { conn.Close() })
	check(t, conn.Exec(t.Context(), fmt.Sprintf(table.DDL, table.SQLName())))
	db := query.DB{ClickHouse: conn}
	for _, rows := range batches {
		insert(t, db, rows...)
	}
	return db, list
}

const tableInPostgres = `
CREATE TABLE jobs (tenant_id uuid, id bigint, title text, status text, created_at timestamptz, due date, tags text[], PRIMARY KEY (tenant_id, id));
GRANT ALL ON jobs TO oksai_writer;
GRANT SELECT ON jobs TO oksai_reader;
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON jobs FOR SELECT TO oksai_reader USING (true);
CREATE POLICY writer ON jobs TO oksai_writer USING (` + ofTenant + `)`

const ofTenant = `tenant_id = ANY ((SELECT nullif(current_setting('oksai.tenants', true), '')::uuid[])::uuid[])`

func postgres(t *testing.T, batches ...[]stored) (query.DB, query.List[row]) {
	t.Helper()
	url := enginetest.Postgres(t)
	check(t, eventstore.Migrate(t.Context(), url))
	asOwner(t, url, tableInPostgres)
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: url})
	check(t, err)
	t.Cleanup(store.Close)
	db := query.DB{Postgres: pool{store, url}}
	for _, rows := range batches {
		insert(t, db, rows...)
	}
	same := list
	same.From = query.Postgres(query.Table{
		Name: "job.jobs", SQL: "jobs", Key: []string{"id"},
		Columns: []projection.Column{
			{Name: "id", Type: "bigint"}, {Name: "title", Type: "text"}, {Name: "status", Type: "text"},
			{Name: "created_at", Type: "timestamptz"}, {Name: "due", Type: "Nullable(date)"}, {Name: "tags", Type: "text[]"},
		},
	})
	return db, same
}

// pool is what queries read from, with the store that a test writes by.
type pool struct {
	*eventstore.Store
	url string
}

func (p pool) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return p.Reader().SendBatch(ctx, b)
}

func insert(t *testing.T, db query.DB, rows ...stored) {
	t.Helper()
	if db.ClickHouse == nil {
		for _, r := range rows {
			check(t, db.Postgres.(pool).InTenants(t.Context(), []uuid.UUID{r.tenant}, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), `INSERT INTO jobs VALUES ($1, $2, $3, $4, $5, $6, $7)`, append([]any{r.tenant}, list.Values(&r.row)...)...)
				return err
			}))
		}
		return
	}
	b, err := db.ClickHouse.(driver.Conn).PrepareBatch(t.Context(), "INSERT INTO "+table.SQLName())
	check(t, err)
	for _, r := range rows {
		check(t, b.Append(append(append([]any{r.tenant}, list.Values(&r.row)...), new(big.Int).SetUint64(r.position), r.deleted)...))
	}
	check(t, b.Send())
}

func asOwner(t *testing.T, url, statements string) {
	t.Helper()
	owner, err := pgx.Connect(t.Context(), url)
	check(t, err)
	defer owner.Close(context.Background())
	_, err = owner.Exec(t.Context(), statements)
	check(t, err)
}

// Where the spec has no platform scope, PostgreSQL itself shows a statement that
// forgot its condition no other tenant's rows.
func TestPostgresShowsOneTenantOnly(t *testing.T) {
	t.Parallel()
	db, list := postgres(t, many(3), []stored{{tenant: theirs, row: row{ID: 1}, position: 1}})
	asOwner(t, db.Postgres.(pool).url, "ALTER POLICY reader ON jobs USING ("+ofTenant+")")
	for scope, want := range map[query.Scope]int64{query.Tenant(mine): 3, query.Tenant(theirs): 1, query.Platform(): 0} {
		if n, err := query.CountAll(t.Context(), db, scope, "jobs"); err != nil || n != want {
			t.Errorf("%+v sees %d rows, want %d (%v)", scope, n, want, err)
		}
	}
	page, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{})
	check(t, err)
	if len(page.Items) != 3 {
		t.Errorf("the list has %d rows, want 3", len(page.Items))
	}
}
