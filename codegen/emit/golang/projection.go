package golang

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/clickhouse"
	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// projectionFile declares one read model.
func (g *module) projectionFile(p *ir.Projection) *file {
	f := g.newFile("projection_" + p.Name + ".go")
	switch {
	case p.EventLog:
		g.eventLog(f, p)
	case p.Store == ir.Postgres:
		g.tableProjection(f, p)
	default:
		g.rowProjection(f, p)
	}
	return f
}

func projectionVar(p *ir.Projection) string { return naming.Go(p.Name) + "Projection" }

func rowName(p *ir.Projection) string { return naming.Go(p.Name) + "Row" }

func applyName(p *ir.Projection) string { return "apply" + naming.Go(p.Name) }

func decodeName(p *ir.Projection) string { return "decode" + naming.Go(p.Name) }

// eventLog declares
//
//	var JobEventsProjection = projection.EventLog{
//		Table:   projection.EventLogTable("job", "job_events", "1f0c9a52", 730),
//		Handles: func(e *event.Recorded) bool { return e.Stream.Module == "job" && e.Stream.Type == "Job" },
//	}
func (g *module) eventLog(f *file, p *ir.Projection) {
	handles := jen.Null()
	for i, a := range p.Of {
		if i > 0 {
			handles.Op("||").Line()
		}
		handles.Id("e").Dot("Stream").Dot("Module").Op("==").Lit(a.Module).Op("&&").Id("e").Dot("Stream").Dot("Type").Op("==").Lit(a.Stored())
	}
	f.comment("%s", does(projectionVar(p), "", "keeps the rows of "+p.Name+"."))
	f.comment("%s", p.Doc)
	f.fn(jen.Var().Id(projectionVar(p)).Op("=").Add(snip.Projection("EventLog")).Add(lines(
		pair("Table", snip.Projection("EventLogTable").Call(jen.Lit(p.Module), jen.Lit(p.Name), jen.Lit(hash(projectionShape(p), fmt.Sprint(p.TTLDays))[:16]), jen.Lit(int(p.TTLDays)))),
		pair("Handles", jen.Func().Params(jen.Id("e").Op("*").Add(snip.Recorded())).Bool().Block(jen.Return(handles))))))
}

// rowProjection declares a read model in ClickHouse: its row, its table, and the
// functions that fold events into rows.
func (g *module) rowProjection(f *file, p *ir.Projection) {
	f.comment("%s is one row of %s.", rowName(p), p.Name)
	f.fn(jen.Type().Id(rowName(p)).Struct(g.rowStruct(p)...))
	g.logValue(f, rowName(p), rowFields(p))
	if g.hasKeyStruct(p) {
		f.comment("%s identifies a row of %s within its tenant.", keyName(p), p.Name)
		f.fn(jen.Type().Id(keyName(p)).Struct(g.keyStruct(p)...))
	}
	g.projectionComment(f, p, "")
	f.fn(jen.Var().Id(projectionVar(p)).Op("=").Add(snip.Projection("Definition")).Types(g.keyType(p), jen.Id(rowName(p))).Add(lines(slices.Concat([]jen.Code{
		pair("Table", g.table(p)),
		pair("Decode", jen.Id(decodeName(p))),
		pair("Key", g.keyFunc(p)),
		pair("New", jen.Func().Params(jen.Id("key").Add(g.keyType(p))).Id(rowName(p)).Block(jen.Return(jen.Id(rowName(p)).Values(g.keyInto(p)...)))),
	}, applyOf(p), []jen.Code{
		pair("KeyOf", g.keyOf(p)),
		pair("KeyValues", jen.Func().Params(jen.Id("key").Add(g.keyType(p))).Index().Any().Block(jen.Return(jen.Index().Any().Values(g.keyColumns(p, "key")...)))),
		pair("Values", g.columnsFunc(p, jen.Null())),
		pair("Scan", g.columnsFunc(p, jen.Op("&"))),
	})...)))
	g.decodeProjection(f, p)
	g.applyProjection(f, p)
}

func (g *module) table(p *ir.Projection) *jen.Statement {
	var keys, columns []jen.Code
	for _, k := range p.Key {
		keys = append(keys, jen.Lit(clickhouse.ColumnName(k.Name)))
	}
	for _, c := range rowFields(p) {
		columns = append(columns, jen.Values(
			pair("Name", jen.Lit(clickhouse.ColumnName(c.Name))), pair("Type", jen.Lit(clickhouse.ColumnType(c.Type)))))
	}
	ddl := clickhouse.TableDDL(p)
	return snip.Projection("Table").Add(lines(
		pair("Module", jen.Lit(p.Module)),
		pair("Name", jen.Lit(p.Name)),
		pair("Hash", jen.Lit(hash(ddl, projectionShape(p))[:16])),
		pair("DDL", rawString(ddl)),
		pair("Key", jen.Index().String().Values(keys...)),
		pair("Columns", jen.Index().Add(snip.Projection("Column")).Add(lines(columns...))),
	))
}

// columnsFunc lists a row's columns, or points at them.
func (g *module) columnsFunc(p *ir.Projection, prefix *jen.Statement) *jen.Statement {
	var values []jen.Code
	for _, c := range rowFields(p) {
		values = append(values, prefix.Clone().Id("r").Dot(naming.Go(c.Name)))
	}
	return jen.Func().Params(jen.Id("r").Op("*").Id(rowName(p))).Index().Any().Block(jen.Return(jen.Index().Any().Values(values...)))
}

// decodeProjection declares
//
//	func decodeJobFacts(e *event.Recorded) (event.Data, error) {
//		switch e.Type {
//		case "job.JobCreated", "job.JobStarted":
//			return DecodeJobEvent(e.Type, e.SchemaVersion, e.Payload)
//		}
//		return nil, nil
//	}
func (g *module) decodeProjection(f *file, p *ir.Projection) {
	var cases []jen.Code
	for _, a := range sources(p) {
		var types []jen.Code
		for _, h := range p.Handlers {
			if h.Aggregate == a {
				types = append(types, jen.Lit(a.Module+"."+h.Event.Stored()))
			}
		}
		cases = append(cases, jen.Case(types...).Block(jen.Return(g.decodeRecorded(a))))
	}
	f.comment("%s reads the events that %s is made of, and no others.", decodeName(p), p.Name)
	f.fn(jen.Func().Id(decodeName(p)).Params(jen.Id("e").Op("*").Add(snip.Recorded())).Params(snip.EventData(), jen.Error()).Block(
		jen.Switch(jen.Id("e").Dot("Type")).Block(cases...),
		jen.Return(jen.Nil(), jen.Nil())))
}

func (g *module) decodeRecorded(a *ir.Aggregate) *jen.Statement {
	return g.in(a.Module, "Decode"+naming.Go(a.Name)+"Event").
		Call(jen.Id("e").Dot("Type"), jen.Id("e").Dot("SchemaVersion"), jen.Id("e").Dot("Payload"))
}

// sources are the aggregates whose events a projection takes, in the order they are first named.
func sources(p *ir.Projection) []*ir.Aggregate {
	var list []*ir.Aggregate
	seen := map[*ir.Aggregate]bool{}
	for _, h := range p.Handlers {
		if !seen[h.Aggregate] {
			list = append(list, h.Aggregate)
		}
		seen[h.Aggregate] = true
	}
	return list
}

// applyProjection declares
//
//	func applyJobFacts(row *JobFactsRow, _ bool, e *event.Recorded, data event.Data) (projection.Effect, error) {
//		switch data := data.(type) {
//		case JobStarted:
//			row.Status = "in_progress"
//			row.StartedAt = new(data.StartedAt)
//		}
//		return projection.Keep, nil
//	}
func (g *module) applyProjection(f *file, p *ir.Projection) {
	cases, usesRecorded, usesData := g.handlerCases(p, effects{
		skip:   func() jen.Code { return jen.Return(snip.Projection("Skip"), jen.Nil()) },
		remove: func() jen.Code { return jen.Return(snip.Projection("Delete"), jen.Nil()) },
		mapped: func(h *ir.Handler) []jen.Code { return g.mapRow(p, h) },
	})
	f.comment("%s folds one event into its row.", applyName(p))
	f.fn(asking(p, applyName(p), jen.Params(
		jen.Id("row").Op("*").Id(rowName(p)), jen.Id("_").Bool(),
		jen.Id(ifUsed("e", usesRecorded)).Op("*").Add(snip.Recorded()), jen.Id("data").Add(snip.EventData()),
	).Params(snip.Projection("Effect"), jen.Error()),
		typeSwitch(usesData).Block(cases...),
		jen.Return(snip.Projection("Keep"), jen.Nil())))
}

func ifUsed(name string, used bool) string {
	if used {
		return name
	}
	return "_"
}

func typeSwitch(usesData bool) *jen.Statement {
	if usesData {
		return jen.Switch(jen.Id("data").Op(":=").Id("data").Assert(jen.Type()))
	}
	return jen.Switch(jen.Id("data").Assert(jen.Type()))
}

// effects print how a handler ends where it does not just change columns.
type effects struct {
	skip, remove func() jen.Code
	mapped       func(*ir.Handler) []jen.Code
}

// handlerCases prints what each event does to a row, and tells what the cases look at.
func (g *module) handlerCases(p *ir.Projection, end effects) (cases []jen.Code, recorded, data bool) {
	for _, h := range p.Handlers {
		x := g.exprs(handlerRoots(p, h))
		var body []jen.Code
		if h.When != nil {
			failed, _ := x.negation(h.When)
			body = append(body, jen.If(failed).Block(end.skip()))
			x.learn(whenTrue(h.When))
		}
		for _, s := range h.Steps {
			body = append(body, g.step(x, p, s)...)
		}
		if h.Delete {
			body = append(body, end.remove())
		}
		if h.Handwritten {
			body = append(body, end.mapped(h)...)
		}
		cases = append(cases, jen.Case(g.in(h.Aggregate.Module, naming.Go(h.Event.Name))).Block(body...))
		r, d := looksAt(h)
		recorded, data = recorded || r, data || d
	}
	return cases, recorded, data
}

func handlerRoots(p *ir.Projection, h *ir.Handler) map[string]root {
	return map[string]root{
		"event": recordedRoot("data", h.Event.Fields, func() *jen.Statement { return jen.Id("e") }),
		"row":   rowRoot("row", p),
	}
}

// looksAt tells whether a handler's effect depends on what was recorded about the event, and on its fields.
func looksAt(h *ir.Handler) (recorded, data bool) {
	look := func(e *ir.Expr) {
		if e.Op == ir.Variable && e.Path[0] == "event" {
			isField := ir.FieldNamed(h.Event.Fields, e.Path[1]) != nil && !isBuiltIn(e)
			recorded, data = recorded || !isField, data || isField
		}
	}
	walkExpr(h.When, look)
	for _, s := range h.Steps {
		walkExpr(s.Value, look)
	}
	return recorded || h.Handwritten, data || h.Handwritten
}

// isBuiltIn tells whether an event's variable is what was recorded about it.
func isBuiltIn(e *ir.Expr) bool {
	return len(e.Path) == 2 && recordedRoot("", nil, nil).special[e.Path[1]] != nil
}

// step prints what one verb does to a column. Where something that the value is
// computed from is absent, the column stays as it is.
func (g *module) step(x *exprs, p *ir.Projection, s *ir.Step) []jen.Code {
	column := p.Column(s.Column)
	inner, needs := x.apart()
	code := g.stepCode(inner, column, s)
	if len(*needs) > 0 {
		return []jen.Code{jen.If(allPresent(*needs)).Block(code)}
	}
	return []jen.Code{code}
}

func (g *module) stepCode(x *exprs, column *ir.Field, s *ir.Step) *jen.Statement {
	place := func() *jen.Statement { return jen.Id("row").Dot(naming.Go(s.Column)) }
	t := column.Type
	call := func(fn string, value *jen.Statement) *jen.Statement {
		return place().Op("=").Add(snip.Projection(fn)).Call(place(), value)
	}
	switch s.Verb {
	case "set":
		return place().Op("=").Add(x.toRow(t, s.Value))
	case "add":
		return g.add(x, t, place, s)
	case "append":
		verb := map[ir.Kind]string{ir.List: "Append", ir.Set: "Add"}[t.Kind]
		return call(verb, x.stored(*t.Elem, s.Value))
	case "remove":
		return call("Remove", x.stored(*t.Elem, s.Value))
	}
	if t.Kind == ir.Decimal {
		name := map[string]string{"min": "MinDecimal", "max": "MaxDecimal"}[s.Verb]
		return place().Op("=").Add(snip.Codec(name)).Call(place(), x.stored(required(t), s.Value))
	}
	return call(extremes[s.Verb][isInstant(t)], x.stored(required(t), s.Value))
}

// extremes are the functions for a column's verb, for times and for everything else.
var extremes = map[string]map[bool]string{
	"min": {true: "Earliest", false: "Min"},
	"max": {true: "Latest", false: "Max"},
}

func (g *module) add(x *exprs, t ir.Type, place func() *jen.Statement, s *ir.Step) *jen.Statement {
	value := x.stored(required(t), s.Value)
	switch {
	case t.Kind == ir.Money:
		g.fail(s.Pos, "add cannot add up money, which a column holds as JSON text: use an int column of minor units")
	case t.Kind == ir.Decimal && isPointer(t):
		return place().Op("=").New(snip.Codec("Value").Call(place()).Dot("Add").Call(value))
	case t.Kind == ir.Decimal:
		return place().Op("=").Add(place()).Dot("Add").Call(value)
	case isPointer(t):
		return place().Op("=").New(snip.Codec("Value").Call(place()).Op("+").Add(value))
	}
	return place().Op("+=").Add(value)
}
