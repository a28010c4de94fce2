package openapi

import (
	"fmt"

	"github.com/oksai/oksai/codegen/ir"
)

// Filter is one query parameter of a list: a column, how it is compared, and the parameter's name.
type Filter struct {
	Param  string
	Column *ir.Field
	Op     string // eq, in, any, search, gt, gte, lt, lte
}

// Filters are the query parameters by which q can be narrowed, in the spec's order.
func Filters(q *ir.Query) []Filter {
	var out []Filter
	for _, f := range q.Filters {
		for _, op := range f.Ops {
			out = append(out, expand(f.Column, op)...)
		}
	}
	return out
}

func expand(column *ir.Field, op string) []Filter {
	switch op {
	case "eq":
		return []Filter{{column.Name, column, op}}
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
	"search": "Only rows where %s contains this, in upper or lower case.",
	"gte":    "Only rows where %s is this or more.",
	"gt":     "Only rows where %s is more than this.",
	"lte":    "Only rows where %s is this or less.",
	"lt":     "Only rows where %s is less than this.",
}

func (b *builder) filters(q *ir.Query) []*Parameter {
	var out []*Parameter
	for _, f := range Filters(q) {
		p := &Parameter{Name: f.Param, In: "query", Description: fmt.Sprintf(filterDocs[f.Op], f.Column.Name), Schema: b.filterSchema(f)}
		if p.Schema.Type == "array" {
			p.Explode = new(bool) // a,b rather than the parameter twice
		}
		out = append(out, p)
	}
	return out
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
	switch {
	case f.Op == "search":
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

func consistencyParameter() *Parameter {
	return &Parameter{
		Name: "Oksai-Consistency", In: "header", Schema: &Schema{Type: "string"},
		Description: "The header of a command's answer: wait until this read model has that change.",
	}
}
