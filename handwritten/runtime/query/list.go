package query

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

const (
	defaultLimit    = 50
	defaultMaxLimit = 200
)

// List is a query for rows of a read model, as the spec allows it. Generated
// code makes one for each `list` query.
type List[R any] struct {
	// Name is for errors, e.g. "job.ListJobs".
	Name string
	From Table
	// Scan points at a row's columns, Values are them, in the order of the table.
	Scan, Values func(*R) []any
	// Filters are the comparisons allowed for each column.
	Filters map[string][]Op
	// Search names the columns that Search looks into.
	Search []string
	// Sorts names the columns that a client may sort by.
	Sorts []string
	// Default is the order when none is asked for; "-created_at" is descending.
	Default []string
	// Limit is the page size when none is asked for, MaxLimit the greatest; 0
	// means 50 and 200.
	Limit, MaxLimit int
}

// Request is what a client asks of a list.
type Request struct {
	Where []Condition
	// Sort names columns, with a minus for descending. The key follows by itself,
	// so that the order is total.
	Sort []string
	// Limit is the page's size; 0 means the list's own.
	Limit int
	// Cursor is the Next of the page before, nil for the first.
	Cursor []byte
}

// Page is a part of a list.
type Page[R any] struct {
	Items []R
	// Next asks for the page that follows; nil when this is the last.
	Next []byte
}

func (l List[R]) source() source { return source{l.Name, l.From, l.Filters, l.Search} }

// Page reads one page. Rows that are added or removed meanwhile neither repeat
// nor hide others: a page starts after the last row seen, not at a count.
func (l List[R]) Page(ctx context.Context, db DB, scope Scope, r Request) (Page[R], error) {
	limit := min(cmp.Or(r.Limit, l.Limit, defaultLimit), cmp.Or(l.MaxLimit, defaultMaxLimit))
	if limit < 1 {
		return Page[R]{}, invalid("limit", "a page has at least one row")
	}
	order, err := l.order(scope, r.Sort)
	if err != nil {
		return Page[R]{}, err
	}
	b, err := l.rows(scope, r.Where)
	if err != nil {
		return Page[R]{}, err
	}
	// The conditions' text and values are part of what a cursor belongs to.
	bound := fingerprint(b, order)
	if r.Cursor != nil {
		if err := order.resume(b, r.Cursor, bound); err != nil {
			return Page[R]{}, err
		}
	}
	b.write(" ORDER BY " + order.sql(b.dialect) + " LIMIT " + strconv.Itoa(limit+1))
	items, err := l.read(ctx, db, scope, b)
	if err != nil || len(items) <= limit {
		return Page[R]{Items: items.rows()}, err
	}
	next, err := order.cursor(b.dialect, bound, items[limit-1].position(l.From, l.Values))
	return Page[R]{Items: items[:limit].rows(), Next: next}, err
}

// Find reads the one row that the conditions describe, the first if several do.
// None is problem NOT_FOUND.
func (l List[R]) Find(ctx context.Context, db DB, scope Scope, where ...Condition) (R, error) {
	var none R
	b, err := l.rows(scope, where)
	if err != nil {
		return none, err
	}
	b.write(" LIMIT 1")
	items, err := l.read(ctx, db, scope, b)
	if err != nil {
		return none, err
	}
	if len(items) == 0 {
		return none, problem.NotFound(l.From.words())
	}
	return items[0].row, nil
}

// Count is the exact number of rows that the conditions describe.
func (l List[R]) Count(ctx context.Context, db DB, scope Scope, where ...Condition) (int64, error) {
	b := &builder{dialect: l.From.dialect}
	b.write("SELECT " + b.count() + " FROM " + b.from(l.From.SQL))
	if err := l.source().where(b, scope, where); err != nil {
		return 0, err
	}
	var count int64
	err := b.run(ctx, db, scope, l.Name, func(r row) error { return r.Scan(&count) })
	return count, err
}

// rows starts a statement for full rows.
func (l List[R]) rows(scope Scope, where []Condition) (*builder, error) {
	b := &builder{dialect: l.From.dialect}
	b.write("SELECT tenant_id, " + l.From.Columns.Names() + " FROM " + b.from(l.From.SQL))
	return b, l.source().where(b, scope, where)
}

func (l List[R]) read(ctx context.Context, db DB, scope Scope, b *builder) (items[R], error) {
	var found items[R]
	err := b.run(ctx, db, scope, l.Name, func(r row) error {
		var i item[R]
		if err := r.Scan(append([]any{&i.tenant}, l.Scan(&i.row)...)...); err != nil {
			return err
		}
		found = append(found, i)
		return nil
	})
	return found, err
}

func invalid(parameter, format string, args ...any) error {
	return problem.Invalid(problem.FieldError{Pointer: "query/" + parameter, Code: "INVALID_" + upper(parameter), Message: fmt.Sprintf(format, args...)})
}
