package query

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// postgres reads behind row-level security: beside the condition that every
// statement has, the transaction itself sees only the tenant's rows.
type postgres struct{}

func (postgres) from(table string) string { return table }
func (postgres) live() string             { return "true" }

func (postgres) param(n int, typ string, value any) (string, any, error) {
	return "$" + strconv.Itoa(n+1) + "::" + typ, value, nil
}

func (postgres) kept(n int, typ, text string) (string, any, error) {
	return "$" + strconv.Itoa(n+1) + "::text::" + typ, text, nil
}

func (postgres) text(typ string, value any) (string, bool, error) {
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", false, nil
		}
		value = v.Elem().Interface()
	}
	if at, ok := value.(time.Time); ok && typ != "date" {
		return at.UTC().Format(time.RFC3339Nano), true, nil
	} else if ok {
		return at.Format(time.DateOnly), true, nil
	}
	return fmt.Sprint(value), true, nil
}

func (postgres) in(typ string) (string, string) { return " = ANY ", typ + "[]" }

func (postgres) overlaps(column, list string) string { return column + " && " + list }

func (postgres) lower(column string) string { return "lower(" + column + ")" }

func (postgres) sorted(column, typ string) string {
	if typ == "text" {
		return column + ` COLLATE "C"`
	}
	return column
}

func (postgres) tenant() string { return "uuid" }
func (postgres) count() string  { return "count(*)" }

// read sends the choice of the tenant and the statement in one round trip, which
// is one transaction.
func (postgres) read(ctx context.Context, db DB, scope Scope, statement string, args []any, scan func(row) error) error {
	var batch pgx.Batch
	var tenants []uuid.UUID
	if !scope.platform {
		tenants = []uuid.UUID{scope.tenant}
	}
	batch.Queue("SELECT set_config('oksai.tenants', $1::uuid[]::text, true)", tenants)
	batch.Queue(statement, args...)
	results := db.Postgres.SendBatch(ctx, &batch)
	if _, err := results.Exec(); err != nil {
		return errors.Join(err, results.Close())
	}
	rows, err := results.Query()
	if err == nil {
		err = scanAll(rows, scan)
	}
	return errors.Join(err, results.Close())
}

func scanAll(rows pgx.Rows, scan func(row) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// failed: what PostgreSQL itself refuses is ours to repair, except that it ends or has no room for us.
func (postgres) failed(err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || len(refused.Code) == 5 && (refused.Code[:2] == "57" || refused.Code[:2] == "53") {
		return problem.Unavailable("this list cannot be read at the moment; retry in a few seconds").Because(err)
	}
	return err
}
