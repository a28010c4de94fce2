package query

import (
	"cmp"
	"context"
	"fmt"
	"github.com/oksai/oksai/handwritten/runtime/projection/chsql"
	"strconv"
	"strings"
)

const defaultMaxGroups = 10_000

// Measure is one number of an aggregate.
type Measure struct {
	// Name is the spec's, for whoever reads the generated code.
	Name string
	// SQL is an aggregate expression that the generator made, of the type that Scan
	// expects, e.g. "toInt64(countIf(status = 'pending'))".
	SQL string
}

// Aggregate is a query for measures over a read model. Generated code makes one
// for each `aggregate` query.
type Aggregate[R any] struct {
	Name     string
	From     Table
	Measures []Measure
	// GroupBy names columns; the answer is in their order.
	GroupBy []string
	Filters map[string][]Op
	Search  []string
	// Scan points at the group's columns, then at the measures.
	Scan func(*R) []any
	// MaxGroups bounds the answer; 0 means 10 000.
	MaxGroups int
}

// One reads the measures over all rows that the conditions describe. It is for
// an aggregate without GroupBy.
func (a Aggregate[R]) One(ctx context.Context, db DB, scope Scope, where ...Condition) (R, error) {
	var none R
	groups, err := a.Groups(ctx, db, scope, where...)
	if err != nil {
		return none, err
	}
	if len(groups) != 1 {
		return none, fmt.Errorf("query %s: one answer expected, %d came: use Groups for an aggregate with groups", a.Name, len(groups))
	}
	return groups[0], nil
}

// Groups reads the measures for each group.
func (a Aggregate[R]) Groups(ctx context.Context, db DB, scope Scope, where ...Condition) ([]R, error) {
	b := &builder{dialect: a.From.dialect}
	b.write("SELECT " + strings.Join(a.selected(), ", ") + " FROM " + b.from(a.From.SQL))
	if err := (source{a.Name, a.From, a.Filters, a.Search}).where(b, scope, where); err != nil {
		return nil, err
	}
	if len(a.GroupBy) > 0 {
		by := strings.Join(a.GroupBy, ", ")
		b.write(" GROUP BY " + by + " ORDER BY " + a.sorted(b.dialect) + " LIMIT " + strconv.Itoa(cmp.Or(a.MaxGroups, defaultMaxGroups)))
	}
	var groups []R
	err := b.run(ctx, db, scope, a.Name, func(r row) error {
		var group R
		if err := r.Scan(a.Scan(&group)...); err != nil {
			return err
		}
		groups = append(groups, group)
		return nil
	})
	return groups, err
}

func (a Aggregate[R]) sorted(d dialect) string {
	columns := make([]string, len(a.GroupBy))
	for i, column := range a.GroupBy {
		columns[i] = d.sorted(column, chsql.Bare(a.From.Columns.Type(column)))
	}
	return strings.Join(columns, ", ")
}

// selected lists the answer's columns. A measure's name is left out of the SQL:
// ClickHouse would take it for a column of the table where both have one name.
func (a Aggregate[R]) selected() []string {
	columns := append([]string{}, a.GroupBy...)
	for _, m := range a.Measures {
		columns = append(columns, m.SQL)
	}
	return columns
}
