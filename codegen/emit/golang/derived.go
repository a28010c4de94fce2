package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// derivedFile declares the values that queries compute from a row when it is read.
func (g *module) derivedFile() *file {
	f := g.newFile("derived.go")
	found := false
	for _, q := range g.Queries {
		for _, d := range q.Derive {
			g.derived(f, q, d)
			found = true
		}
	}
	if !found {
		return nil
	}
	return f
}

// derived declares
//
//	func DailyJobsAvgDurationMs(row *TenantDailyJobStatsRow) *int64 {
//		if row.Completed == 0 {
//			return nil
//		}
//		return new(row.DurationMsSum / row.Completed)
//	}
func (g *module) derived(f *file, q *ir.Query, d *ir.Derived) {
	row := jen.Id(rowName(q.Projection))
	if q.Projection.Store == ir.Postgres {
		f.ImportName(g.importPath(g.Name)+"/db", "db")
		row = g.db(naming.Go(q.Projection.Name))
	}
	x := g.exprs(map[string]root{"row": rowRoot("row", q.Projection)})
	result := jen.Id("new").Call(x.typed(d.Value))
	var body []jen.Code
	if needs := x.takeNeeds(); len(needs) > 0 {
		body = append(body, jen.If(anyAbsent(needs)).Block(jen.Return(jen.Nil())))
	}
	walkExpr(d.Value, func(e *ir.Expr) {
		if e.Op == ir.Div || e.Op == ir.Mod {
			body = append(body, jen.If(isZero(x, e.Args[1])).Block(jen.Return(jen.Nil())))
		}
	})
	name := q.Name + naming.Go(d.Name)
	t := d.Type
	t.Optional = true
	f.comment("%s is the %s of a row; nil where it cannot be computed.", name, naming.Words(d.Name))
	f.fn(jen.Func().Id(name).Params(jen.Id("row").Op("*").Add(row)).Add(g.goType(t)).Block(append(body, jen.Return(result))...))
}

func isZero(x *exprs, divisor *ir.Expr) *jen.Statement {
	if divisor.Type.Kind == ir.Decimal {
		return x.receiver(divisor).Dot("IsZero").Call()
	}
	return x.operand(&ir.Expr{Op: ir.Eq}, divisor).Op("==").Lit(0)
}

// tenancy declares, for the aggregate that is a tenant,
//
//	func TenantMayAct(state *Tenant) bool {
//		return state.Status == TenantStatusActive
//	}
//
//	func TenantCallsPerDay(state *Tenant) *int64 {
//		if state.Plan.CallsPerDay() == nil {
//			return nil
//		}
//		bound := *state.Plan.CallsPerDay()
//		return &bound
//	}
//
// and TenantStorageGB likewise.
func (g *module) tenancy(f *file, a *ir.Aggregate) {
	tenancy := g.platform.Tenancy
	if tenancy == nil || tenancy.Aggregate != a {
		return
	}
	name := naming.Go(a.Name)
	state := jen.Id("state").Op("*").Id(name)
	x := g.exprs(map[string]root{"state": stateRoot("state", a)})
	f.comment("%sMayAct tells whether a tenant's people may command and query.", name)
	f.fn(jen.Func().Id(name + "MayAct").Params(state.Clone()).Bool().Block(jen.Return(x.condition(tenancy.Active))))
	for _, bound := range []struct {
		name, doc string
		value     *ir.Expr
	}{
		{"CallsPerDay", "how many API calls a tenant may make on a day", tenancy.CallsPerDay},
		{"StorageGB", "how many gigabytes a tenant's events may fill", tenancy.StorageGB},
	} {
		if bound.value != nil {
			f.comment("%s%s is %s; nil is no bound.", name, bound.name, bound.doc)
			f.fn(jen.Func().Id(name + bound.name).Params(state.Clone()).Op("*").Int64().Block(boundOf(x, bound.value)...))
		}
	}
}

// boundOf returns a value, or nil where something that it needs is absent.
func boundOf(x *exprs, value *ir.Expr) (body []jen.Code) {
	v := x.value(value)
	if needs := x.takeNeeds(); len(needs) > 0 {
		body = append(body, jen.If(anyAbsent(needs)).Block(jen.Return(jen.Nil())))
	}
	return append(body, jen.Id("bound").Op(":=").Add(v), jen.Return(jen.Op("&").Id("bound")))
}
