package server

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// convert emits the functions between the domain's types and the API's.
func (e *emission) convert() {
	f := e.file("convert.go")
	for _, a := range e.Aggregates {
		f.Add(e.stateView(a)).Line()
		for _, c := range openapi.Commands(a) {
			if len(c.Input) > 0 {
				f.Add(e.inputValue(c)).Line()
			}
		}
	}
	for _, o := range e.Operations {
		e.operationValues(f, o)
	}
	for _, def := range structs(e.states()) {
		f.Add(e.structView(def)).Line()
	}
	for _, def := range structs(e.inputs()) {
		f.Add(e.structValue(def)).Line()
	}
	converted := map[string]bool{}
	for _, q := range e.Queries {
		if q.Projection == nil || converted[rowFunc(q)] {
			continue
		}
		converted[rowFunc(q)] = true
		f.Add(e.rowView(q)).Line()
	}
	if slices.ContainsFunc(e.Queries, func(q *ir.Query) bool { return q.Kind == ir.History }) {
		f.Add(e.recordedEvent()).Line()
	}
	if e.usesTexts() {
		f.Add(textsFunc()).Line()
	}
}

// stateView emits:
//
//	// jobView is what callers see of a Job.
//	func jobView(id uuid.UUID, version int64, s *job.Job) api.Job { … }
func (e *emission) stateView(a *ir.Aggregate) *jen.Statement {
	v := &target{name: "v", owner: a.Name}
	v.set("ID", jen.Id("id"))
	v.set("Version", jen.Id("version"))
	for _, f := range a.State {
		e.show(v, shown{f, jen.Id("s").Dot(naming.Go(f.Name)), false}, f.Type.Optional)
	}
	return jen.Comment(fmt.Sprintf("%s is what callers see of %s.", viewFunc(a), subject(a, &ir.Command{}))).Line().
		Func().Id(viewFunc(a)).Params(jen.Id("id").Add(uuidUUID()), jen.Id("version").Int64(), jen.Id("s").Op("*").Add(e.domain(a.Name))).Add(e.api(a.Name)).
		Block(v.body(e.api(a.Name))...)
}

// structView emits the same for a struct within a state.
func (e *emission) structView(def *ir.TypeDef) *jen.Statement {
	name := openapi.TypeName(e.Name, def)
	v := &target{name: "v", owner: name}
	for _, f := range def.Fields {
		e.show(v, shown{f, jen.Id("s").Dot(naming.Go(f.Name)), false}, f.Type.Optional)
	}
	return jen.Func().Id(structView(name)).Params(jen.Id("s").Add(domain(def.Module, naming.Go(def.Name)))).Add(e.api(name)).
		Block(v.body(e.api(name))...)
}

// rowView emits the same for a read model's row.
func (e *emission) rowView(q *ir.Query) *jen.Statement {
	name := rowSchema(q)
	v := &target{name: "v", owner: name}
	columns := slices.Concat(q.Projection.Key, q.Projection.Columns)
	if q.Kind == ir.Aggregated {
		columns = measured(q)
	}
	for _, f := range columns {
		e.show(v, shown{f, jen.Id("r").Dot(naming.Go(f.Name)), true}, f.Type.Optional)
	}
	for _, d := range q.Derive {
		v.after = append(v.after, e.derived(q, d))
	}
	return jen.Func().Id(rowFunc(q)).Params(jen.Id("r").Op("*").Add(e.rowType(q))).Add(e.api(name)).
		Block(v.body(e.api(name))...)
}

// derived emits:
//
//	if d := job.DailyJobsAvgDurationMs(r); d != nil {
//		v.AvgDurationMs = api.NewOptInt64(*d)
//	}
func (e *emission) derived(q *ir.Query, d *ir.Derived) *jen.Statement {
	t := d.Type
	t.Optional = false
	return jen.If(jen.Id("d").Op(":=").Add(domain(q.Projection.Module, q.Name+naming.Go(d.Name))).Call(jen.Id("r")), jen.Id("d").Op("!=").Nil()).Block(
		jen.Id("v").Dot(naming.Go(d.Name)).Op("=").Add(e.newOption(t)).Call(e.rowToAPI(t, jen.Op("*").Id("d"))))
}

func (e *emission) recordedEvent() *jen.Statement {
	from := func(path ...string) *jen.Statement {
		s := jen.Id("r")
		for _, name := range path {
			s.Dot(name)
		}
		return s
	}
	return jen.Func().Id("recordedEvent").Params(jen.Id("r").Op("*").Add(eventPkg("Recorded"))).Add(e.api("RecordedEvent")).Block(
		jen.Return(e.api("RecordedEvent").Add(fields(
			member("ID", from("ID")), member("Version", from("Version")), member("Type", from("Type")), member("At", from("At")),
			member("By", from("Metadata", "User")), member("Data", jxRaw().Call(from("Payload"))),
		))))
}

func textsFunc() *jen.Statement {
	return jen.Comment("texts are enum values as a read model holds them.").Line().
		Func().Id("texts").Types(jen.Id("E").Op("~").String()).Params(jen.Id("values").Index().Id("E")).Index().String().Block(
		jen.Id("out").Op(":=").Make(jen.Index().String(), jen.Len(jen.Id("values"))),
		jen.For(jen.List(jen.Id("i"), jen.Id("v")).Op(":=").Range().Id("values")).Block(
			jen.Id("out").Index(jen.Id("i")).Op("=").String().Call(jen.Id("v"))),
		jen.Return(jen.Id("out")),
	)
}

// rowSchema is the schema of what a query over a read model answers with.
func rowSchema(q *ir.Query) string {
	switch {
	case q.Kind != ir.Aggregated:
		return openapi.RowName(q)
	case len(q.GroupBy) > 0:
		return q.Name + "Group"
	}
	return q.Name + "Result"
}

func rowFunc(q *ir.Query) string { return naming.Local(rowSchema(q)) + "View" }
