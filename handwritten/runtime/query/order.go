package query

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/handwritten/runtime/projection/chsql"
)

// term is one column of an order.
type term struct {
	column, typ string
	descending  bool
}

// order is total: the key closes it.
type order []term

// order makes the asked order of a list, or its default one.
func (l List[R]) order(scope Scope, asked []string) (order, error) {
	sort, allowed := asked, l.Sorts
	if len(sort) == 0 {
		sort, allowed = l.Default, nil
	}
	var o order
	for _, name := range sort {
		column, descending := strings.CutPrefix(name, "-")
		typ := l.From.Columns.Type(column)
		if typ == "" || allowed != nil && !slices.Contains(allowed, column) || len(asked) > 0 && allowed == nil {
			return nil, invalid("sort", "cannot sort by %.40q; use %s", name, strings.Join(l.Sorts, ", "))
		}
		if o.has(column) {
			return nil, invalid("sort", "%q is named twice", column)
		}
		o = append(o, term{column, typ, descending})
	}
	if scope.platform {
		o = append(o, term{column: "tenant_id", typ: l.From.dialect.tenant()})
	}
	for _, column := range l.From.Key {
		if !o.has(column) {
			o = append(o, term{column: column, typ: l.From.Columns.Type(column)})
		}
	}
	return o, nil
}

func (o order) has(column string) bool {
	return slices.ContainsFunc(o, func(t term) bool { return t.column == column })
}

// sql puts rows without a value last, in either direction.
func (o order) sql(d dialect) string {
	parts := make([]string, len(o))
	for i, t := range o {
		parts[i] = d.sorted(t.column, chsql.Bare(t.typ)) + " ASC"
		if t.descending {
			parts[i] = d.sorted(t.column, chsql.Bare(t.typ)) + " DESC"
		}
		if chsql.Nullable(t.typ) {
			parts[i] += " NULLS LAST"
		}
	}
	return strings.Join(parts, ", ")
}

// after writes the condition "comes later in this order than the place":
// (a > x) OR (a = x AND b > y) OR …
func (o order) after(b *builder, place []*string) {
	for i, t := range o {
		if i > 0 {
			b.write(" OR ")
		}
		b.write("(")
		for j := range o[:i] {
			o[j].equal(b, place[j])
			b.write(" AND ")
		}
		t.later(b, place[i])
		b.write(")")
	}
}

func (t term) equal(b *builder, value *string) {
	if value == nil {
		b.write(t.column + " IS NULL")
		return
	}
	b.write(t.column + " = ")
	b.bindKept(chsql.Bare(t.typ), *value)
}

func (t term) later(b *builder, value *string) {
	if value == nil {
		b.write("1 = 0") // nothing comes after NULL
		return
	}
	comparison := " > "
	if t.descending {
		comparison = " < "
	}
	b.write("(" + b.sorted(t.column, chsql.Bare(t.typ)) + comparison)
	b.bindKept(chsql.Bare(t.typ), *value)
	if chsql.Nullable(t.typ) {
		b.write(" OR " + t.column + " IS NULL")
	}
	b.write(")")
}
