package query

import (
	"strings"

	"context"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// Table is a read model as queries see it, in either store.
type Table struct {
	// Name is the spec's, for people, e.g. "job.job_facts".
	Name string
	// SQL is the table's name in statements.
	SQL string
	// Consumer names the checkpoints that tell how much of the log the rows hold;
	// empty for a table that is part of each append, and so always up to date.
	Consumer string
	// Key names the columns that, with the tenant, identify a row.
	Key []string
	// Columns are all columns but the tenant's. A type is the store's own, within
	// Nullable(…) where NULL is a value.
	Columns projection.Columns

	dialect dialect
}

// ClickHouse is a read model that package projection keeps in ClickHouse.
func ClickHouse(t projection.Table) Table {
	return Table{Name: t.Projection(), SQL: t.SQLName(), Consumer: t.Consumer(), Key: t.Key, Columns: t.Columns, dialect: clickHouse{}}
}

// Postgres is a read model in PostgreSQL.
func Postgres(t Table) Table {
	t.dialect = postgres{}
	return t
}

// words name the table's rows to people: "tenant.tenant_by_slug" is a "tenant by slug".
func (t Table) words() string {
	_, name, _ := strings.Cut(t.Name, ".")
	return strings.ReplaceAll(name, "_", " ")
}

// DB is where statements are sent: each list asks the store that has its table.
type DB struct {
	ClickHouse interface {
		Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
	}
	// Postgres is a pool of the role oksai_reader.
	Postgres interface {
		SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	}
}
