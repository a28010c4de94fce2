package openapi

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// query describes a query.
func (b *builder) query(q *ir.Query) *Operation {
	op := b.queryOf(q)
	if !Platform(q) {
		op.ofTenant()
	}
	return op
}

// queryOf describes what is particular to the query's kind.
func (b *builder) queryOf(q *ir.Query) *Operation {
	switch q.Kind {
	case ir.Get:
		return b.get(q)
	case ir.AsOf:
		return b.asOf(q)
	case ir.History:
		return b.history(q)
	case ir.ListRows:
		return b.list(q)
	case ir.Find:
		return b.find(q)
	default:
		return b.aggregate(q)
	}
}

func (b *builder) get(q *ir.Query) *Operation {
	op := b.operation(q.Name, q.Doc, q.Aggregate.Name, Roles(q))
	op.Parameters = []*Parameter{idParameter(q.Aggregate), {
		Name: "If-None-Match", In: "header", Schema: &Schema{Type: "string"},
		Description: "The ETag that the caller already has; if it is still current the answer is 304.",
	}}
	op.Responses["200"] = response(q.Aggregate.Name + foundSuffix)
	op.Responses["304"] = &Response{Description: "The caller already has the current state.", Headers: map[string]Header{"ETag": etag()}}
	return op
}

func (b *builder) asOf(q *ir.Query) *Operation {
	first := int64(1)
	op := b.operation(q.Name, q.Doc, q.Aggregate.Name, Roles(q))
	op.Parameters = []*Parameter{
		idParameter(q.Aggregate),
		{Name: "version", In: "query", Description: "The state as of this version; instead of `at`.", Schema: &Schema{Type: "integer", Format: "int64", Minimum: &first}},
		{Name: "at", In: "query", Description: "The state as of this time; instead of `version`.", Schema: &Schema{Type: "string", Format: "date-time"}},
	}
	op.Responses["200"] = response(q.Aggregate.Name + foundSuffix)
	return op
}

func (b *builder) history(q *ir.Query) *Operation {
	op := b.operation(q.Name, q.Doc, q.Aggregate.Name, Roles(q))
	op.Parameters = append([]*Parameter{idParameter(q.Aggregate)}, pageParameters(q)...)
	b.schemas.byName[eventName] = recordedEvent()
	op.Responses["200"] = b.page(q, "The object's events, oldest first.", reference(eventName))
	return op
}

func (b *builder) list(q *ir.Query) *Operation {
	op := b.operation(q.Name, q.Doc, b.tag(q), Roles(q))
	op.Parameters = append(b.filters(q), sortParameter(q)...)
	op.Parameters = append(op.Parameters, pageParameters(q)...)
	op.Parameters = append(op.Parameters, consistency(q)...)
	op.Responses["200"] = b.page(q, "A page of rows.", b.row(q))
	return op
}

func (b *builder) find(q *ir.Query) *Operation {
	op := b.operation(q.Name, q.Doc, b.tag(q), Roles(q))
	for _, name := range q.By {
		in := "query"
		if strings.Contains(q.HTTP.Path, "{"+name+"}") {
			in = "path"
		}
		op.Parameters = append(op.Parameters, &Parameter{Name: name, In: in, Required: true, Schema: b.schemas.field(q.Projection.Column(name))})
	}
	op.Parameters = append(op.Parameters, consistency(q)...)
	op.Responses["200"] = &Response{Description: "The row.", Content: jsonBody(b.row(q), nil)}
	return op
}

func (b *builder) aggregate(q *ir.Query) *Operation {
	op := b.operation(q.Name, q.Doc, b.tag(q), Roles(q))
	op.Parameters = append(b.filters(q), consistency(q)...)
	var fields []*ir.Field
	for _, name := range q.GroupBy {
		fields = append(fields, q.Projection.Column(name))
	}
	for _, m := range q.Measures {
		fields = append(fields, &ir.Field{Name: m.Name, Type: m.Type})
	}
	row := b.schemas.view("", fields)
	if len(q.GroupBy) == 0 {
		b.schemas.byName[q.Name+"Result"] = row
		op.Responses["200"] = &Response{Description: "The measures.", Content: jsonBody(reference(q.Name+"Result"), nil)}
		return op
	}
	b.schemas.byName[q.Name+"Group"] = row
	b.schemas.byName[q.Name+"Result"] = &Schema{
		Type:       "object",
		Properties: Properties{{"items", &Schema{Type: "array", Items: reference(q.Name + "Group")}}},
		Required:   []string{"items"},
	}
	op.Responses["200"] = &Response{Description: "The measures of each group.", Content: jsonBody(reference(q.Name+"Result"), nil)}
	return op
}

// row names the schema of a query's rows: queries over one projection share it
// unless they derive columns of their own.
func (b *builder) row(q *ir.Query) *Schema {
	name := RowName(q)
	fields := slices.Concat(q.Projection.Key, q.Projection.Columns)
	for _, d := range q.Derive {
		t := d.Type
		t.Optional = true // a division by zero gives none
		fields = append(fields, &ir.Field{Name: d.Name, Type: t})
	}
	row := b.schemas.view(q.Projection.Doc, fields)
	for i, f := range fields {
		row.Properties[i].Schema.Stored = StoredAsJSON(f.Type)
	}
	b.schemas.byName[name] = row
	return reference(name)
}

// StoredAsJSON tells which columns a read model keeps as JSON text.
func StoredAsJSON(t ir.Type) bool {
	return t.Kind == ir.Struct || t.Kind == ir.Money || t.Kind == ir.JSON
}

func (b *builder) page(q *ir.Query, doc string, item *Schema) *Response {
	name := q.Name + "Page"
	b.schemas.byName[name] = &Schema{
		Type: "object",
		Properties: Properties{
			{"items", &Schema{Type: "array", Items: item}},
			{"next_cursor", &Schema{Type: "string", Description: "Send it as `cursor` for the next page; missing on the last one."}},
		},
		Required: []string{"items"},
	}
	return &Response{Description: doc, Content: jsonBody(reference(name), nil)}
}

// tag is the group of a query over a read model: its aggregate's if that is in
// the path, else the read model's own.
func (b *builder) tag(q *ir.Query) string {
	for _, a := range b.module.Aggregates {
		if strings.HasPrefix(q.HTTP.Path+"/", "/"+a.Plural+"/") {
			return a.Name
		}
	}
	return summary(q.Projection.Name)
}
