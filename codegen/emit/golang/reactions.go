package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// externalFile declares the events of other services, with their codecs.
func (g *module) externalFile() *file {
	if len(g.External) == 0 {
		return nil
	}
	f := g.newFile("external.go")
	for _, e := range g.External {
		name := externalName(e)
		f.comment("%s is the event %s of another service.", name, e.Name)
		f.comment("%s", e.Doc)
		f.fn(jen.Type().Id(name).Struct(g.structFields(e.Fields)...))
		g.logValue(f, name, e.Fields)
		g.decodeMethod(f, name, e.Fields)
	}
	return f
}

func externalName(e *ir.ExternalEvent) string { return "External" + naming.Go(e.Name) }

// reactionsFile declares the module's reactions, and its timers, for the wiring.
func (g *module) reactionsFile() *file {
	if len(g.Reactions) == 0 && len(TimerAggregates(g.Module)) == 0 {
		return nil
	}
	f := g.newFile("reactions.go")
	g.reactionList(f)
	g.timerList(f)
	for _, r := range g.Reactions {
		g.reaction(f, r)
	}
	return f
}

// runnerVar is what a runner is called where several modules' runners are: jobs, tenantTenants.
func (g *module) runnerVar(a *ir.Aggregate) string {
	if a.Module == g.Name {
		return naming.Local(a.Plural)
	}
	return naming.Local(a.Module + "_" + naming.Snake(a.Plural))
}

func (g *module) runnerParam(a *ir.Aggregate) *jen.Statement {
	return jen.Id(g.runnerVar(a)).Op("*").Add(g.in(a.Module, runnerName(a)))
}

func (g *module) reactionList(f *file) {
	if len(g.Reactions) == 0 {
		return
	}
	var params, items []jen.Code
	for _, a := range ReactionTargets(g.Module) {
		params = append(params, g.runnerParam(a))
	}
	for _, r := range g.Reactions {
		items = append(items, jen.Id(naming.Local(r.Name)).Call(jen.Id(g.runnerVar(r.Target))))
	}
	f.comment("Reactions are the module's answers to events, its own and others'.")
	f.fn(jen.Func().Id("Reactions").Params(params...).Index().Add(snip.Reaction("Definition")).Block(
		jen.Return(jen.Index().Add(snip.Reaction("Definition")).Add(lines(items...)))))
}

func (g *module) timerList(f *file) {
	var params, items []jen.Code
	handwork := jen.Null()
	for _, a := range TimerAggregates(g.Module) {
		params = append(params, g.runnerParam(a))
		wake := jen.Id(g.runnerVar(a)).Dot("wake")
		if a.HasHandwork() {
			handwork = jen.Id("does").Id("Operations")
			wake = jen.Func().Params(wakeParams(false)...).Error().Block(jen.Return(wake.Call(jen.Id("ctx"), jen.Id("due"), jen.Id("does"))))
		}
		items = append(items, jen.Values(pair("Module", jen.Lit(a.Module)), pair("Type", jen.Lit(a.Stored())), pair("Handle", wake)))
	}
	params = append(params, handwork)
	if len(items) == 0 {
		return
	}
	f.comment("Timers run the commands that states ask for at a time.")
	f.fn(jen.Func().Id("Timers").Params(params...).Index().Add(snip.Timer("Definition")).Block(
		jen.Return(jen.Index().Add(snip.Timer("Definition")).Add(lines(items...)))))
}

// reaction declares
//
//	func assignFromOutside(jobs *Jobs) reaction.Definition {
//		definition := reaction.Definition{Name: "job.AssignFromOutside", Types: []string{"job.assigned"}, Topic: "partner-jobs"}
//		definition.Handle = func(ctx context.Context, e event.Recorded) error {
//			…
//		}
//		return definition
//	}
func (g *module) reaction(f *file, r *ir.Reaction) {
	values := []jen.Code{pair("Name", jen.Lit(g.Name+"."+r.Name))}
	if r.External != nil {
		values = append(values, pair("Types", jen.Index().String().Values(jen.Lit(r.External.Name))), pair("Topic", jen.Lit(r.External.Topic)))
	} else {
		values = append(values, pair("Types", jen.Index().String().Values(jen.Lit(r.Source.Module+"."+r.Event.Stored()))))
	}
	name := naming.Local(r.Name)
	f.comment("%s", does(name, r.Doc, "runs "+r.Command.Name+" when "+sourceName(r)+" happens."))
	f.fn(jen.Func().Id(name).Params(g.runnerParam(r.Target)).Add(snip.Reaction("Definition")).Block(
		jen.Id("definition").Op(":=").Add(snip.Reaction("Definition")).Values(values...),
		jen.Id("definition").Dot("Handle").Op("=").Func().
			Params(jen.Id("ctx").Add(snip.Context()), jen.Id("e").Add(snip.Recorded())).Error().Block(g.reactionBody(r)...),
		jen.Return(jen.Id("definition"))))
}

func sourceName(r *ir.Reaction) string {
	if r.External != nil {
		return r.External.Name
	}
	return r.Source.Module + "." + r.Event.Name
}

// reactionBody reads the event, makes the command, and runs it with the event's key.
func (g *module) reactionBody(r *ir.Reaction) []jen.Code {
	x := g.exprs(reactionRoots(r))
	body := g.readSource(r)
	if r.When != nil {
		failed, _ := x.negation(r.When)
		body = append(body, jen.If(failed).Block(jen.Return(jen.Nil())))
		x.learn(whenTrue(r.When))
	}
	runner := jen.Id(g.runnerVar(r.Target))
	body = append(body, g.meant(x, r)...)
	body = append(body, jen.Id("caller").Op(":=").Add(callerType()).Values(
		pair("Tenant", jen.Id("e").Dot("Stream").Dot("Tenant")), pair("Subject", jen.Lit("reaction:").Op("+").Id("definition").Dot("Name"))))
	body = append(body, g.input(x, r.Target.Module, r.Command, r.With)...)
	body = append(body, g.begun(r)...)
	return append(body,
		jen.List(jen.Id("decide"), jen.Err()).Op(":=").Add(runner.Clone()).Dot(naming.Go(r.Command.Name)).Call(jen.Id("ctx"), jen.Id("caller"), jen.Id("cmd")),
		returnErr(),
		jen.List(jen.Id("_"), jen.Err()).Op("=").Add(runner.Clone()).Dot("Repository").Call().Dot("Execute").Call(jen.Id("ctx"), g.reactionRequest(x, r)),
		jen.Return(jen.Err()))
}

func reactionRoots(r *ir.Reaction) map[string]root {
	e := func() *jen.Statement { return jen.Id("e") }
	if r.External != nil {
		event := recordedRoot("data", r.External.Fields, e)
		return map[string]root{"event": event, "external": event}
	}
	event := recordedRoot("data", r.Event.Fields, e)
	return map[string]root{"event": event, "state": event}
}

// readSource declares data, the event that is reacted to.
func (g *module) readSource(r *ir.Reaction) []jen.Code {
	if r.External != nil {
		return []jen.Code{
			jen.Id("data").Op(":=").Id(externalName(r.External)).Values(g.defaults(r.External.Fields)...),
			jen.If(jen.Err().Op(":=").Add(snip.Codec("Read")).Call(jen.Id("e").Dot("Payload"), jen.Op("&").Id("data")), jen.Err().Op("!=").Nil()).Block(
				jen.Return(snip.Errorf().Call(jen.Lit("read "+r.External.Name+": %w"), jen.Err()))),
		}
	}
	if !looksAtData(r) {
		return nil
	}
	return []jen.Code{
		jen.List(jen.Id("recorded"), jen.Err()).Op(":=").Add(g.decodeRecorded(r.Source)),
		returnErr(),
		jen.List(jen.Id("data"), jen.Id("_")).Op(":=").Id("recorded").Assert(g.in(r.Source.Module, naming.Go(r.Event.Name))),
	}
}

func looksAtData(r *ir.Reaction) bool {
	found := false
	look := func(e *ir.Expr) { found = found || e.Op == ir.Variable && !isBuiltIn(e) }
	walkExpr(r.When, look)
	walkExpr(r.ID, look)
	walkExpr(r.By, look)
	walkAssignments(r.With, look)
	return found
}

// meant finds the aggregate whose id is made from a value, where `by` says so:
// one that is there already is not begun again, and an event about none is none of ours.
//
//	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte("sales.Fulfilment:"+data.OrderID.String()))
//	if there, err := fulfilments.Repository().Has(ctx, e.Stream.Tenant, id); err != nil || there {
//		return err
//	}
func (g *module) meant(x *exprs, r *ir.Reaction) []jen.Code {
	if r.By == nil {
		return nil
	}
	there := jen.Id("there")
	if !r.Command.Creates {
		there = jen.Op("!").Add(there)
	}
	return []jen.Code{
		jen.Id("id").Op(":=").Add(derivedID(r.Target, x.value(r.By))),
		g.passOver(r, there),
	}
}

// passOver ends a reaction that has nothing to do, seeing whether its aggregate is there.
func (g *module) passOver(r *ir.Reaction, nothing *jen.Statement) *jen.Statement {
	return jen.If(
		jen.List(jen.Id("there"), jen.Err()).Op(":=").Id(g.runnerVar(r.Target)).Dot("Repository").Call().Dot("Has").Call(jen.Id("ctx"), reactionTenant(r), jen.Id("id")),
		jen.Err().Op("!=").Nil().Op("||").Add(nothing),
	).Block(jen.Return(jen.Err()))
}

func reactionTenant(r *ir.Reaction) *jen.Statement {
	if r.Target.Scope != ir.ScopeTenant {
		return snip.NilUUID() // the platform itself acts
	}
	return jen.Id("e").Dot("Stream").Dot("Tenant")
}

// reactionID is what `id` says, what `by` led to, or made from the event.
func reactionID(x *exprs, r *ir.Reaction) *jen.Statement {
	switch {
	case r.ID != nil:
		return x.value(r.ID)
	case r.By != nil, r.Command.Identified():
		return jen.Id("id")
	}
	return snip.NewSHA1().Call(jen.Id("e").Dot("ID"), jen.Index().Byte().Call(jen.Id("definition").Dot("Name")))
}

func (g *module) reactionRequest(x *exprs, r *ir.Reaction) *jen.Statement {
	fields := []jen.Code{pair("Tenant", reactionTenant(r)), pair("ID", reactionID(x, r))}
	switch {
	case r.Command.IfAbsent:
		fields = append(fields, pair("IfAbsent", jen.True()))
	case r.Command.Creates:
		fields = append(fields, pair("Creates", jen.True()))
	}
	fields = append(fields,
		pair("Key", jen.Id("definition").Dot("Key").Call(jen.Id("e"))),
		pair("Metadata", snip.Metadata().Add(lines(
			pair("User", jen.Id("caller").Dot("Subject")),
			pair("Correlation", jen.Id("e").Dot("Metadata").Dot("Correlation")),
			pair("Causation", jen.Id("e").Dot("ID")),
			pair("Trace", jen.Id("e").Dot("Metadata").Dot("Trace"))))),
		pair("Decide", jen.Id("decide")))
	for _, n := range x.takeNeeds() {
		g.fail(r.Pos, "%s may be absent where %s needs it: guard it with has()", n.path, r.Name)
	}
	return snip.Command("Request").Types(g.in(r.Target.Module, naming.Go(r.Target.Name))).Add(lines(fields...))
}
