package query

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/oksai/oksai/handwritten/runtime/projection/chsql"
)

// Op is how a column is compared.
type Op int

const (
	// Eq is equality; a nil value finds rows without one.
	Eq Op = iota
	// In takes a slice: the column is one of its values.
	In
	// Gt, Gte, Lt and Lte compare by order.
	Gt
	Gte
	Lt
	Lte
	// Any takes a slice: the column, a list, has at least one of its values.
	Any
	// Search takes a text: all its words occur, in any letter case, each in any of
	// the searched columns. A word is found inside longer words too; a text without
	// words is found everywhere.
	Search
)

var comparisons = map[Op]string{Eq: " = ", Gt: " > ", Gte: " >= ", Lt: " < ", Lte: " <= "}

// maxWords bounds the words of a search; each costs a scan of the text.
const maxWords = 10

// Condition restricts a query. Search leaves Column empty.
type Condition struct {
	Column string
	Op     Op
	Value  any
}

// source is what a generated query may read and compare.
type source struct {
	name    string
	table   Table
	filters map[string][]Op
	search  []string
}

// where adds the scope and the conditions to a statement.
func (s source) where(b *builder, scope Scope, conditions []Condition) error {
	if !scope.valid() {
		return fmt.Errorf("query %s: no tenant given: use query.Tenant, or query.Platform where the spec says so", s.name)
	}
	b.write(" WHERE " + b.live())
	if !scope.platform {
		b.write(" AND tenant_id = ")
		b.bind(b.tenant(), scope.tenant)
	}
	for _, c := range conditions {
		if err := s.condition(b, c); err != nil {
			return err
		}
	}
	return nil
}

func (s source) condition(b *builder, c Condition) error {
	if c.Op == Search {
		return s.words(b, c)
	}
	typ := s.table.Columns.Type(c.Column)
	if typ == "" || !slices.Contains(s.filters[c.Column], c.Op) {
		return fmt.Errorf("query %s: the spec allows no such filter on %q", s.name, c.Column)
	}
	b.write(" AND ")
	switch c.Op {
	case In:
		comparison, list := b.in(chsql.Bare(typ))
		b.write(c.Column + comparison + "(" + b.bound(list, c.Value) + ")")
	case Any:
		b.write(b.overlaps(c.Column, b.bound(typ, c.Value)))
	default:
		if _, isValue, _ := b.dialect.text(typ, c.Value); c.Op == Eq && !isValue {
			b.write(c.Column + " IS NULL")
			return nil
		}
		b.write(b.sorted(c.Column, chsql.Bare(typ)) + comparisons[c.Op])
		b.bind(chsql.Bare(typ), c.Value)
	}
	return nil
}

// words matches each word as a substring. Words are letters and digits only, so
// none has a meaning of its own in a LIKE pattern, and an ngram index serves them.
func (s source) words(b *builder, c Condition) error {
	text, ok := c.Value.(string)
	if !ok || len(s.search) == 0 {
		return fmt.Errorf("query %s: the spec allows no search, or %T is no text", s.name, c.Value)
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
	if len(words) > maxWords {
		return invalid("search", "a search has at most %d words", maxWords)
	}
	for _, word := range words {
		for i, column := range s.search {
			b.write([]string{" AND (", " OR "}[min(i, 1)])
			b.write(b.lower(column) + " LIKE ")
			b.bind(chsql.Bare(s.table.Columns.Type(column)), "%"+word+"%")
		}
		b.write(")")
	}
	return nil
}
