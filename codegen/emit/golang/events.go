package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// eventsFile declares an aggregate's events.
func (g *module) eventsFile(a *ir.Aggregate) *file {
	f := g.newFile(naming.Snake(a.Name) + "_events.go")
	for _, e := range a.Events {
		g.event(f, a, e)
	}
	return f
}

// event declares a struct that is an event.Data, and how it folds into the state:
//
//	func (JobStarted) EventType() string { return "job.JobStarted" }
//	func (e JobStarted) apply(s *Job) {
//		s.Status = JobStatusInProgress
//		s.StartedAt = new(e.StartedAt)
//	}
func (g *module) event(f *file, a *ir.Aggregate, e *ir.Event) {
	name := naming.Go(e.Name)
	f.comment("%s", does(name, e.Doc, "is an event of "+a.Name+"."))
	f.fn(jen.Type().Id(name).Struct(g.structFields(e.Fields)...))
	g.logValue(f, name, e.Fields)
	constant := func(doc, method string, result, value jen.Code) {
		f.comment("%s", doc)
		f.fn(jen.Func().Params(jen.Id(name)).Id(method).Params().Add(result).Block(jen.Return(value)))
	}
	constant("EventType is the name the event is stored under.", "EventType", jen.String(), jen.Lit(g.eventType(e)))
	constant("SchemaVersion is the version of the payload's shape.", "SchemaVersion", jen.Int(), jen.Lit(e.Version))
	constant("Published tells whether other services may see the event.", "Published", jen.Bool(), jen.Lit(e.Publish))
	f.comment("AppendJSON appends the payload to dst.")
	f.fn(jen.Func().Params(jen.Id("e").Id(name)).Id("AppendJSON").Params(jen.Id("dst").Index().Byte()).Index().Byte().Block(
		jen.Return(snip.Codec("Append").Call(jen.Id("dst"), jen.Id("e")))))
	if !e.Handwritten {
		g.fold(f, a, e)
	}
}

func (g *module) fold(f *file, a *ir.Aggregate, e *ir.Event) {
	x := g.exprs(map[string]root{"event": eventRoot("e", e), "state": stateRoot("s", a)})
	var body []jen.Code
	for _, set := range e.Sets {
		field := ir.FieldNamed(a.State, set.Field)
		place := jen.Id("s").Dot(naming.Go(set.Field))
		body = append(body, place.Op("=").Add(x.assign(field.Type, set.Value)))
	}
	for _, n := range x.takeNeeds() {
		g.fail(e.Pos, "%s may be absent where %s sets the state by it: guard it with has()", n.path, e.Name)
	}
	receiver := jen.Id("e").Id(naming.Go(e.Name))
	if !usesAny(e.Sets, "event") {
		receiver = jen.Id(naming.Go(e.Name))
	}
	state := "s"
	if len(e.Sets) == 0 {
		state = "_"
	}
	f.fn(jen.Func().Params(receiver).Id("apply").Params(jen.Id(state).Op("*").Id(naming.Go(a.Name))).Block(body...))
}

func usesAny(list []*ir.Assignment, root string) bool {
	for _, a := range list {
		if uses(root, a.Value) {
			return true
		}
	}
	return false
}

// eventRoot is an event without what was recorded about it: a fold sees no more.
func eventRoot(variable string, e *ir.Event) root {
	return root{code: func() *jen.Statement { return jen.Id(variable) }, fields: e.Fields}
}

// recordedRoot is an event with what was recorded about it: its fields are in data, the rest in e.
func recordedRoot(data string, fields []*ir.Field, e func() *jen.Statement) root {
	of := func(path ...string) func() *jen.Statement {
		return func() *jen.Statement {
			code := e()
			for _, name := range path {
				code = code.Dot(name)
			}
			return code
		}
	}
	return root{
		code: func() *jen.Statement { return jen.Id(data) }, fields: fields,
		special: map[string]func() *jen.Statement{
			"at": of("At"), "by": of("Metadata", "User"), "id": of("ID"), "type": of("Type"), "version": of("Version"),
			"tenant_id": of("Stream", "Tenant"), "stream_id": of("Stream", "ID"),
		},
	}
}
