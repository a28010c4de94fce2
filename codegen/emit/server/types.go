package server

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// options are the types that stand for "may be absent" in the HTTP package.
var options = map[ir.Kind]string{
	ir.String: "OptString", ir.Text: "OptString", ir.Email: "OptString", ir.URL: "OptString",
	ir.Bool: "OptBool", ir.Int: "OptInt64", ir.Duration: "OptInt64", ir.Decimal: "OptStringDecimal",
	ir.UUID: "OptUUID", ir.Ref: "OptUUID", ir.Timestamp: "OptDateTime", ir.Date: "OptDate", ir.Money: "OptMoney",
}

// newOption is the constructor of an optional value: api.NewOptString.
func (e *emission) newOption(t ir.Type) *jen.Statement {
	if t.Def != nil && (t.Kind == ir.Enum || t.Kind == ir.Struct) {
		return e.api("NewOpt" + e.typeName(t))
	}
	return e.api("New" + options[t.Kind])
}

func (e *emission) typeName(t ir.Type) string { return naming.Go(openapi.TypeName(e.Name, t.Def)) }

func isCollection(t ir.Type) bool { return t.Kind == ir.List || t.Kind == ir.Set || t.Kind == ir.Map }

// toAPI turns a present value of the state into the API's.
func (e *emission) toAPI(t ir.Type, value *jen.Statement) *jen.Statement {
	if t.Secret {
		return value.Dot("Reveal").Call()
	}
	switch t.Kind {
	case ir.Enum:
		return e.api(e.typeName(t)).Call(value)
	case ir.Struct:
		return jen.Id(structView(e.typeName(t))).Call(value)
	case ir.Money:
		return e.api("Money").Call(value)
	case ir.Duration:
		return value.Dot("Milliseconds").Call()
	case ir.JSON:
		return jxRaw().Call(value)
	}
	return value
}

// rowToAPI turns a present column of a read model into the API's value.
func (e *emission) rowToAPI(t ir.Type, value *jen.Statement) *jen.Statement {
	switch {
	case t.Kind == ir.Enum:
		return e.api(e.typeName(t)).Call(value)
	case openapi.StoredAsJSON(t):
		return jxRaw().Call(value)
	}
	return value
}

// toDomain turns a present value of the API into the domain's, or into what a
// read model's column holds.
func (e *emission) toDomain(t ir.Type, value *jen.Statement, column bool) *jen.Statement {
	switch {
	case t.Secret:
		return secretNew().Call(value)
	case t.Kind == ir.Enum && column:
		return jen.String().Call(value)
	case t.Kind == ir.Enum:
		return domain(t.Def.Module, naming.Go(t.Def.Name)).Call(value)
	case t.Kind == ir.Struct:
		return jen.Id(structValue(e.typeName(t))).Call(value)
	case t.Kind == ir.Money:
		return jen.Qual(runtime+"/money", "Money").Call(value)
	case t.Kind == ir.Duration && !column:
		return jen.Qual("time", "Duration").Call(value).Op("*").Qual("time", "Millisecond")
	case t.Kind == ir.JSON:
		return jen.Qual("encoding/json", "RawMessage").Call(value)
	}
	return value
}

// same tells whether a value is the same in the domain and in the API.
func same(t ir.Type) bool {
	if t.Secret {
		return false
	}
	switch t.Kind {
	case ir.Enum, ir.Struct, ir.Money, ir.Duration, ir.JSON:
		return false
	case ir.List, ir.Set:
		return same(*t.Elem)
	case ir.Map:
		return t.Key.Kind == ir.String && same(*t.Elem)
	}
	return true
}

// rowGoType is the Go type of a measure's or group's value in a row.
func (e *emission) rowGoType(t ir.Type) *jen.Statement {
	if t.Optional {
		t.Optional = false
		return jen.Op("*").Add(e.rowGoType(t))
	}
	switch t.Kind {
	case ir.Bool:
		return jen.Bool()
	case ir.Int, ir.Duration:
		return jen.Int64()
	case ir.UUID, ir.Ref:
		return uuidUUID()
	case ir.Timestamp, ir.Date:
		return timeTime()
	case ir.Decimal:
		return decimalType()
	}
	return jen.String()
}

// rowType is the Go type of a query's rows: job.JobFactsRow, or sqlc's for PostgreSQL.
func (e *emission) rowType(q *ir.Query) *jen.Statement {
	switch {
	case q.Kind == ir.Aggregated:
		return jen.Id(naming.Local(q.Name) + "Row")
	case q.Projection.EventLog:
		return projectionPkg("EventLogRow")
	case q.Projection.Store == ir.Postgres:
		return rows(q.Projection.Module, naming.Go(q.Projection.Name))
	}
	return domain(q.Projection.Module, naming.Go(q.Projection.Name)+"Row")
}

func structView(name string) string  { return naming.Local(name) + "View" }
func structValue(name string) string { return naming.Local(name) + "Value" }
