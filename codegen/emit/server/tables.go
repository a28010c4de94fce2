package server

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/clickhouse"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// What depends on the store that has a query's rows is here; all else of a list
// is the same for both.

// table emits query.ClickHouse(job.JobFactsProjection.Table), or
//
//	query.Postgres(query.Table{
//		Name: "member.name_counts",
//		…
//	})
func (e *emission) table(q *ir.Query) *jen.Statement {
	p := q.Projection
	if p.Store == ir.ClickHouse {
		return queryPkg("ClickHouse").Call(projectionOf(p).Dot("Table"))
	}
	var key []string
	for _, f := range p.Key {
		key = append(key, postgres.Quote(f.Name))
	}
	var columns []jen.Code
	for _, f := range slices.Concat(p.Key, p.Columns) {
		columns = append(columns, jen.Values(member("Name", jen.Lit(postgres.Quote(f.Name))), member("Type", jen.Lit(postgres.ParamType(f.Type)))))
	}
	members := []jen.Code{
		member("Name", jen.Lit(p.Module+"."+p.Name)),
		member("SQL", jen.Lit(postgres.Table(p))),
		member("Key", texts(key)),
		member("Columns", jen.Index().Add(projectionPkg("Column")).Add(fields(columns...))),
	}
	if !p.Inline {
		members = append(members, member("Consumer", projectionOf(p).Dot("Consumer").Call()))
	}
	return queryPkg("Postgres").Call(queryPkg("Table").Add(fields(members...)))
}

// rowFuncs are the functions that point at a row's columns, and that give them.
func (e *emission) rowFuncs(q *ir.Query) (scan, values *jen.Statement) {
	p := q.Projection
	switch {
	case p.EventLog:
		return projectionPkg("ScanEventLog"), projectionPkg("EventLogValues")
	case p.Store == ir.ClickHouse:
		return projectionOf(p).Dot("Scan"), projectionOf(p).Dot("Values")
	}
	var pointers, columns []jen.Code
	for _, f := range slices.Concat(p.Key, p.Columns) {
		pointers = append(pointers, jen.Op("&").Id("r").Dot(naming.Go(f.Name)))
		columns = append(columns, jen.Id("r").Dot(naming.Go(f.Name)))
	}
	function := func(list []jen.Code) *jen.Statement {
		return jen.Func().Params(jen.Id("r").Op("*").Add(e.rowType(q))).Index().Any().Block(jen.Return(jen.Index().Any().Values(list...)))
	}
	return function(pointers), function(columns)
}

// projectionOf is the variable that describes a projection to the runtime.
func projectionOf(p *ir.Projection) *jen.Statement {
	return domain(p.Module, naming.Go(p.Name)+"Projection")
}

func columnName(p *ir.Projection, name string) string {
	if p.Store == ir.Postgres {
		return postgres.Quote(name)
	}
	return clickhouse.ColumnName(name)
}

func measure(p *ir.Projection, m *ir.Measure) (string, error) {
	if p.Store == ir.Postgres {
		return postgres.Measure(m)
	}
	return clickhouse.Measure(m)
}
