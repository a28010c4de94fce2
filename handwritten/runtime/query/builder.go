package query

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/projection/chsql"
)

// DB is where statements are sent; driver.Conn is one.
type DB interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// ClickHouse's codes for what a client cannot help, and waiting does.
const (
	codeUnknownTable    = 60
	codeUnknownDatabase = 81
	codeTimeout         = 159
	codeTooManyQueries  = 202
	codeMemoryLimit     = 241
)

// builder collects a statement's text and its parameters.
type builder struct {
	text strings.Builder
	args []any
	err  error
}

func (b *builder) write(sql string) { b.text.WriteString(sql) }

// bind adds value as a parameter of the type. The first error is kept.
func (b *builder) bind(typ string, value any) {
	name := "p" + strconv.Itoa(len(b.args))
	arg, err := chsql.Param(name, typ, value)
	b.err = errors.Join(b.err, err)
	b.args = append(b.args, arg)
	b.write("{" + name + ":" + typ + "}")
}

// read sends the statement and scans each row.
func (b *builder) read(ctx context.Context, db DB, name string, scan func(driver.Rows) error) error {
	if b.err != nil {
		return fmt.Errorf("query %s: %w", name, b.err)
	}
	rows, err := db.Query(ctx, b.text.String(), b.args...)
	if err != nil {
		return failed(ctx, name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("query %s: %w", name, err)
		}
	}
	return failed(ctx, name, rows.Err())
}

// failed tells a read model that is out of reach from a statement that is wrong.
func failed(ctx context.Context, name string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("query %s: %w", name, err)
	if _, told := errors.AsType[*problem.Error](err); told || ctx.Err() != nil {
		return err
	}
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
