package query

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// builder collects a statement's text and its parameters.
type builder struct {
	dialect
	text strings.Builder
	args []any
	err  error
}

func (b *builder) write(sql string) { b.text.WriteString(sql) }

// bind adds value as a parameter of the type. The first error is kept.
func (b *builder) bind(typ string, value any) { b.write(b.bound(typ, value)) }

// bound is bind for where the parameter is part of an expression.
func (b *builder) bound(typ string, value any) string {
	return b.add(b.param(len(b.args), typ, value))
}

// bindKept adds a value that a cursor kept.
func (b *builder) bindKept(typ, text string) { b.write(b.add(b.kept(len(b.args), typ, text))) }

func (b *builder) add(sql string, arg any, err error) string {
	b.err = errors.Join(b.err, err)
	b.args = append(b.args, arg)
	return sql
}

// run sends the statement and calls scan for each row.
func (b *builder) run(ctx context.Context, db DB, scope Scope, name string, scan func(row) error) error {
	if b.err != nil {
		return fmt.Errorf("query %s: %w", name, b.err)
	}
	err := b.dialect.read(ctx, db, scope, b.text.String(), b.args, scan)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("query %s: %w", name, err)
	if _, told := errors.AsType[*problem.Error](err); told || ctx.Err() != nil {
		return err
	}
	return b.failed(err)
}
