package query

import (
	"context"
	"errors"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/projection/chsql"
)

// clickHouse reads with FINAL, because merges are eventual, and without tombstones.
type clickHouse struct{}

func (clickHouse) from(table string) string { return table + " FINAL" }
func (clickHouse) live() string             { return "_deleted = 0" }

func (clickHouse) param(n int, typ string, value any) (string, any, error) {
	name := "p" + strconv.Itoa(n)
	arg, err := chsql.Param(name, typ, value)
	return "{" + name + ":" + typ + "}", arg, err
}

func (clickHouse) text(typ string, value any) (string, bool, error) { return chsql.Text(typ, value) }

func (c clickHouse) kept(n int, typ, text string) (string, any, error) { return c.param(n, typ, text) }

func (clickHouse) in(typ string) (string, string) { return " IN ", "Array(" + typ + ")" }

func (clickHouse) overlaps(column, list string) string { return "hasAny(" + column + ", " + list + ")" }

func (clickHouse) lower(column string) string     { return "lowerUTF8(" + column + ")" }
func (clickHouse) sorted(column, _ string) string { return column }
func (clickHouse) tenant() string                 { return "UUID" }
func (clickHouse) count() string                  { return "toInt64(count())" }

func (clickHouse) read(ctx context.Context, db DB, _ Scope, statement string, args []any, scan func(row) error) error {
	rows, err := db.ClickHouse.Query(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// ClickHouse's codes for what a client cannot help, and waiting does.
const (
	codeUnknownTable    = 60
	codeUnknownDatabase = 81
	codeTimeout         = 159
	codeTooManyQueries  = 202
	codeMemoryLimit     = 241
)

func (clickHouse) failed(err error) error {
	exception, ok := errors.AsType[*proto.Exception](err)
	if !ok {
		return problem.Unavailable("lists and statistics cannot be read at the moment; retry in a few seconds").Because(err)
	}
	switch exception.Code {
	case codeUnknownTable, codeUnknownDatabase:
		return problem.Unavailable("this list is being built; retry in a few seconds").Because(err)
	case codeTimeout, codeTooManyQueries, codeMemoryLimit:
		return problem.Unavailable("lists and statistics are overloaded; narrow the filter, or retry in a few seconds").Because(err)
	}
	return err
}
