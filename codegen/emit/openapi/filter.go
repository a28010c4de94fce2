package openapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// Filter is one query parameter of a list: its name, the column, and how it is
// compared. A search looks into all columns that the spec names for it.
type Filter struct {
	Param  string
	Column *ir.Field
	Op     string // eq, in, any, gt, gte, lt, lte, search
}

const searchParam = "search"

// Filters are the query parameters by which q can be narrowed, in the spec's order.
func Filters(q *ir.Query) []Filter {
	var out []Filter
	for _, f := range q.Filters {
		for _, op := range f.Ops {
			if op == searchParam && f.Column.Name != SearchColumns(q)[0] {
				continue // it is one parameter for all of them
			}
			out = append(out, expand(f.Column, op)...)
		}
	}
	return out
}

// SearchColumns are the columns that the parameter "search" looks into.
func SearchColumns(q *ir.Query) []string {
	var out []string
	for _, f := range q.Filters {
		if slices.Contains(f.Ops, searchParam) {
			out = append(out, f.Column.Name)
		}
	}
	return out
}

func expand(column *ir.Field, op string) []Filter {
	switch op {
	case "eq":
		return []Filter{{column.Name, column, op}}
	case searchParam:
		return []Filter{{searchParam, column, op}}
	case "range":
		var out []Filter
		for _, bound := range []string{"gte", "gt", "lte", "lt"} {
			out = append(out, Filter{column.Name + "_" + bound, column, bound})
		}
		return out
	default:
		return []Filter{{column.Name + "_" + op, column, op}}
	}
}

var filterDocs = map[string]string{
	"eq":     "Only rows where %s is this.",
	"in":     "Only rows where %s is one of these.",
	"any":    "Only rows where %s has any of these.",
	"search": "Only rows in whose %s all these words occur, in upper or lower case.",
	"gte":    "Only rows where %s is this or more.",
	"gt":     "Only rows where %s is more than this.",
	"lte":    "Only rows where %s is this or less.",
	"lt":     "Only rows where %s is less than this.",
}

func (b *builder) filters(q *ir.Query) []*Parameter {
	var out []*Parameter
	for _, f := range Filters(q) {
		p := &Parameter{Name: f.Param, In: "query", Description: fmt.Sprintf(filterDocs[f.Op], subject(q, f)), Schema: b.filterSchema(f)}
		if p.Schema.Type == "array" {
			p.Explode = new(bool) // a,b rather than the parameter twice
		}
		out = append(out, p)
	}
	return out
}

func subject(q *ir.Query, f Filter) string {
	if f.Op == searchParam {
		return strings.Join(SearchColumns(q), " or ")
	}
	return f.Column.Name
}

// filterSchema is the type of a filter's value: what is looked for need not keep
// the limits that hold for what is stored.
func (b *builder) filterSchema(f Filter) *Schema {
	t := f.Column.Type
	if f.Op == "any" {
		t = *t.Elem
	}
	t.Limits = ir.Constraints{}
	value := b.schemas.value(t)
	if uncheckedFormats[value.Format] { // there is no harm in comparing with another text
		value.Format = ""
	}
	switch {
	case f.Op == searchParam:
		return &Schema{Type: "string"}
	case f.Op == "in" || f.Op == "any":
		return &Schema{Type: "array", Items: value}
	}
	return value
}

// sortParameter lets a caller choose the order, each column both ways; "-" means descending.
func sortParameter(q *ir.Query) []*Parameter {
	if len(q.Sorts) == 0 {
		return nil
	}
	s := &Schema{Type: "string"}
	for _, sort := range q.Sorts {
		up, down := sort.Column, "-"+sort.Column
		if sort.Desc {
			up, down = down, up
		}
		s.Enum = append(s.Enum, up, down)
	}
	s.Default = s.Enum[0]
	return []*Parameter{{Name: "sort", In: "query", Description: "The order; `-` means descending.", Schema: s}}
}

func pageParameters(q *ir.Query) []*Parameter {
	one := int64(1)
	return []*Parameter{
		{Name: "limit", In: "query", Description: "How many items a page has.",
			Schema: &Schema{Type: "integer", Format: "int32", Minimum: &one, Maximum: &q.PageMax, Default: q.PageSize}},
		{Name: "cursor", In: "query", Description: "The `next_cursor` of the page before.", Schema: &Schema{Type: "string"}},
	}
}

// consistency lets a caller wait for its own write, where rows may lag behind.
func consistency(q *ir.Query) []*Parameter {
	if q.Projection.Inline {
		return nil
	}
	return []*Parameter{{
		Name: "Oksai-Consistency", In: "header", Schema: &Schema{Type: "string", Pattern: "^[A-Za-z0-9_-]{21}[AQgw]$"},
		Description: "The header of a command's answer: wait until this read model has that change.",
	}}
}
