package server

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// lists emits what the queries over projections may read, filter and sort by, and
// the functions that turn their parameters into conditions.
func (e *emission) lists() {
	var f *file
	for _, q := range e.Queries {
		if q.Projection == nil {
			continue
		}
		if f == nil {
			f = e.file("lists.go")
		}
		if q.Kind == ir.Aggregated {
			f.Add(e.measures(q)).Line()
		} else {
			f.Add(e.definition(q)).Line()
		}
		if len(q.Filters) > 0 {
			f.Add(e.filter(q)).Line()
		}
	}
}

// definition emits:
//
//	var listJobs = query.List[job.JobFactsRow]{
//		Name: "job.ListJobs",
//		From: query.ClickHouse(job.JobFactsProjection.Table),
//		…
//	}
func (e *emission) definition(q *ir.Query) *jen.Statement {
	scan, values := e.rowFuncs(q)
	members := []jen.Code{member("Name", jen.Lit(e.Name+"."+q.Name)), member("From", e.table(q)), member("Scan", scan), member("Values", values)}
	members = append(members, e.filterMembers(q)...)
	if len(q.Sorts) > 0 {
		var columns []string
		for _, s := range q.Sorts {
			columns = append(columns, columnName(q.Projection, s.Column))
		}
		members = append(members, member("Sorts", texts(columns)))
	}
	if order := defaultOrder(q); len(order) > 0 {
		members = append(members, member("Default", texts(order)))
	}
	if q.Kind == ir.ListRows {
		members = append(members, member("Limit", jen.Lit(int(q.PageSize))), member("MaxLimit", jen.Lit(int(q.PageMax))))
	}
	return jen.Var().Id(listVar(q)).Op("=").Add(queryPkg("List")).Index(e.rowType(q)).Add(fields(members...))
}

// defaultOrder is the first sort of the query, or else the order of the spec's projection.
func defaultOrder(q *ir.Query) []string {
	if len(q.Sorts) > 0 {
		name := columnName(q.Projection, q.Sorts[0].Column)
		if q.Sorts[0].Desc {
			name = "-" + name
		}
		return []string{name}
	}
	var out []string
	for _, column := range q.Projection.OrderBy {
		out = append(out, columnName(q.Projection, column))
	}
	return out
}

// filterMembers are the comparisons that the spec allows.
func (e *emission) filterMembers(q *ir.Query) []jen.Code {
	byColumn := map[string][]jen.Code{}
	for _, f := range e.comparisons(q) {
		name := columnName(q.Projection, f.Column.Name)
		byColumn[name] = append(byColumn[name], queryPkg(operators[f.Op]))
	}
	allowed := jen.Dict{} // sorted by jennifer
	for name, ops := range byColumn {
		allowed[jen.Lit(name)] = jen.Values(ops...)
	}
	var out []jen.Code
	if len(allowed) > 0 {
		out = append(out, member("Filters", jen.Map(jen.String()).Index().Add(queryPkg("Op")).Values(allowed)))
	}
	if columns := openapi.SearchColumns(q); len(columns) > 0 {
		out = append(out, member("Search", texts(columns)))
	}
	return out
}

// comparisons are the filters on single columns, and what a find looks for.
func (e *emission) comparisons(q *ir.Query) []openapi.Filter {
	var out []openapi.Filter
	for _, f := range openapi.Filters(q) {
		if f.Op != "search" {
			out = append(out, f)
		}
	}
	for _, name := range q.By {
		out = append(out, openapi.Filter{Column: q.Projection.Column(name), Op: "eq"})
	}
	return out
}

var operators = map[string]string{
	"eq": "Eq", "in": "In", "any": "Any", "search": "Search", "gt": "Gt", "gte": "Gte", "lt": "Lt", "lte": "Lte",
}

// filter emits:
//
//	// listJobsFilter are the conditions that the request names.
//	func listJobsFilter(params *api.ListJobsParams) (where []query.Condition) {
//		if v, ok := params.Status.Get(); ok {
//			where = append(where, query.Condition{Column: "status", Op: query.Eq, Value: string(v)})
//		}
//		…
//		return where
//	}
func (e *emission) filter(q *ir.Query) *jen.Statement {
	var body []jen.Code
	for _, f := range openapi.Filters(q) {
		param := jen.Id("params").Dot(naming.Go(f.Param))
		add := func(value *jen.Statement) *jen.Statement {
			return jen.Id("where").Op("=").Append(jen.Id("where"), e.condition(q, f, value))
		}
		if f.Op == "in" || f.Op == "any" {
			body = append(body, jen.If(jen.Len(param).Op(">").Lit(0)).Block(add(param.Clone())))
			continue
		}
		body = append(body, jen.If(jen.List(jen.Id("v"), jen.Id("ok")).Op(":=").Add(param).Dot("Get").Call(), jen.Id("ok")).Block(add(jen.Id("v"))))
	}
	body = append(body, jen.Return(jen.Id("where")))
	return jen.Comment(filterFunc(q) + " are the conditions that the request names.").Line().
		Func().Id(filterFunc(q)).Params(jen.Id("params").Op("*").Add(e.api(q.Name + "Params"))).Params(jen.Id("where").Index().Add(queryPkg("Condition"))).Block(body...)
}

// condition is one query.Condition over a parameter's value.
func (e *emission) condition(q *ir.Query, f openapi.Filter, value *jen.Statement) *jen.Statement {
	t := f.Column.Type
	t.Optional = false
	members := []jen.Code{member("Column", jen.Lit(columnName(q.Projection, f.Column.Name))), member("Op", queryPkg(operators[f.Op]))}
	switch {
	case f.Op == "search":
		members = members[1:]
	case f.Op == "in" && t.Kind == ir.Enum, f.Op == "any" && t.Elem.Kind == ir.Enum:
		value = jen.Id("texts").Call(value)
	case f.Op != "in" && f.Op != "any":
		value = e.toDomain(t, value, true)
	}
	return queryPkg("Condition").Values(append(members, member("Value", value))...)
}

// measures emits a row type for an aggregate query, and its definition.
func (e *emission) measures(q *ir.Query) *jen.Statement {
	var columns, pointers, measures []jen.Code
	for _, f := range measured(q) {
		columns = append(columns, jen.Id(naming.Go(f.Name)).Add(e.rowGoType(f.Type)))
		pointers = append(pointers, jen.Op("&").Id("r").Dot(naming.Go(f.Name)))
	}
	for _, m := range q.Measures {
		sql, err := measure(q.Projection, m)
		if err != nil {
			e.errs = append(e.errs, err)
		}
		measures = append(measures, jen.Values(member("Name", jen.Lit(m.Name)), member("SQL", jen.Lit(sql))))
	}
	name := naming.Local(q.Name) + "Row"
	members := []jen.Code{
		member("Name", jen.Lit(e.Name+"."+q.Name)),
		member("From", e.table(q)),
		member("Measures", jen.Index().Add(queryPkg("Measure")).Add(fields(measures...))),
	}
	if len(q.GroupBy) > 0 {
		members = append(members, member("GroupBy", texts(q.GroupBy)))
	}
	members = append(members, e.filterMembers(q)...)
	members = append(members, member("Scan", jen.Func().Params(jen.Id("r").Op("*").Id(name)).Index().Any().Block(jen.Return(jen.Index().Any().Values(pointers...)))))
	return jen.Comment(name + " is what " + q.Name + " computes.").Line().
		Type().Id(name).Struct(columns...).Line().Line().
		Var().Id(listVar(q)).Op("=").Add(queryPkg("Aggregate")).Index(jen.Id(name)).Add(fields(members...))
}

// measured are the columns of an aggregate's answer: groups, then measures.
func measured(q *ir.Query) []*ir.Field {
	var out []*ir.Field
	for _, name := range q.GroupBy {
		out = append(out, q.Projection.Column(name))
	}
	for _, m := range q.Measures {
		out = append(out, &ir.Field{Name: m.Name, Type: m.Type})
	}
	return out
}

func texts(values []string) *jen.Statement {
	items := make([]jen.Code, len(values))
	for i, v := range values {
		items[i] = jen.Lit(v)
	}
	return jen.Index().String().Values(items...)
}

// usesTexts tells whether a filter compares with a list of enum values.
func (e *emission) usesTexts() bool {
	return slices.ContainsFunc(e.Queries, func(q *ir.Query) bool {
		return slices.ContainsFunc(openapi.Filters(q), func(f openapi.Filter) bool {
			return f.Op == "in" && f.Column.Type.Kind == ir.Enum || f.Op == "any" && f.Column.Type.Elem.Kind == ir.Enum
		})
	})
}
