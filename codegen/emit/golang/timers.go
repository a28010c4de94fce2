package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// timersFile declares when an aggregate's timers are due, and what they do.
func (g *module) timersFile(a *ir.Aggregate) *file {
	if len(a.Timers) == 0 {
		return nil
	}
	f := g.newFile(naming.Snake(a.Name) + "_timers.go")
	g.timersMethod(f, a)
	g.wants(f, a)
	g.wake(f, a)
	for _, t := range a.Timers {
		g.wakeOne(f, a, t)
	}
	return f
}

// timersMethod declares
//
//	func (s *Job) timers() []eventstore.Timer {
//		timers := []eventstore.Timer{{Name: "stale"}}
//		if s.Status == JobStatusInProgress && s.StartedAt != nil {
//			timers[0].Due = s.StartedAt.Add(720 * time.Hour)
//		}
//		return timers
//	}
func (g *module) timersMethod(f *file, a *ir.Aggregate) {
	var names, body []jen.Code
	for i, t := range a.Timers {
		names = append(names, jen.Values(pair("Name", jen.Lit(t.Name))))
		body = append(body, g.due(a, t, jen.Id("timers").Index(jen.Lit(i)).Dot("Due")))
	}
	body = append([]jen.Code{jen.Id("timers").Op(":=").Index().Add(snip.StoreTimer()).Values(names...)}, body...)
	f.comment("timers lists all timers that %s %s can have; one that is not wanted has no time.", article(a.Name), a.Name)
	f.fn(jen.Func().Params(jen.Id("s").Op("*").Id(naming.Go(a.Name))).Id("timers").Params().Index().Add(snip.StoreTimer()).Block(
		append(body, jen.Return(jen.Id("timers")))...))
}

// due sets a timer's time if its condition holds and all that the time is computed from is there.
func (g *module) due(a *ir.Aggregate, t *ir.Timer, place *jen.Statement) *jen.Statement {
	x := g.exprs(map[string]root{"state": stateRoot("s", a)})
	condition := jen.Null()
	if t.While != nil {
		condition = x.condition(t.While)
		x.learn(whenTrue(t.While))
	}
	set := place.Op("=").Add(x.value(t.At))
	if needs := x.takeNeeds(); len(needs) > 0 {
		if t.While != nil {
			condition = parens(condition, binding(t.While) < precedence[ir.And]).Op("&&")
		}
		condition.Add(allPresent(needs))
	} else if t.While == nil {
		return set
	}
	return jen.If(condition).Block(set)
}

// wants declares
//
//	func (s *Job) wants(due timer.Due) bool {
//		return slices.Contains(s.timers(), eventstore.Timer{Name: due.Name, Due: due.Due})
//	}
//
// but comparing times as such.
func (g *module) wants(f *file, a *ir.Aggregate) {
	f.comment("wants tells whether the timer that went off is still set to that time.")
	f.fn(jen.Func().Params(jen.Id("s").Op("*").Id(naming.Go(a.Name))).Id("wants").Params(jen.Id("due").Add(snip.Timer("Due"))).Bool().Block(
		jen.Return(snip.SlicesContainsFunc().Call(jen.Id("s").Dot("timers").Call(),
			jen.Func().Params(jen.Id("t").Add(snip.StoreTimer())).Bool().Block(
				jen.Return(jen.Id("t").Dot("Name").Op("==").Id("due").Dot("Name").Op("&&").Id("t").Dot("Due").Dot("Equal").Call(jen.Id("due").Dot("Due"))))))))
}

// wake declares
//
//	func (j *Jobs) wake(ctx context.Context, due timer.Due) error {
//		switch due.Name {
//		case "stale":
//			return j.wakeStale(ctx, due)
//		}
//		return nil
//	}
func (g *module) wake(f *file, a *ir.Aggregate) {
	var cases []jen.Code
	for _, t := range a.Timers {
		arguments := []jen.Code{jen.Id("ctx"), jen.Id("due")}
		if t.Handwritten {
			arguments = append(arguments, jen.Id("does"))
		}
		cases = append(cases, jen.Case(jen.Lit(t.Name)).Block(jen.Return(jen.Id("j").Dot("wake"+naming.Go(t.Name)).Call(arguments...))))
	}
	f.comment("wake runs the command of a timer. One that the spec no longer has does nothing.")
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(runnerName(a))).Id("wake").
		Params(wakeParams(a.HasHandwork())...).Error().Block(
		jen.Switch(jen.Id("due").Dot("Name")).Block(cases...), jen.Return(jen.Nil())))
}

func wakeParams(handwork bool) []jen.Code {
	params := []jen.Code{jen.Id("ctx").Add(snip.Context()), jen.Id("due").Add(snip.Timer("Due"))}
	if handwork {
		params = append(params, jen.Id("does").Id("Operations"))
	}
	return params
}

// finderName is the method that finds out the input of a timer's command.
func finderName(a *ir.Aggregate, t *ir.Timer) string { return naming.Go(a.Name) + naming.Go(t.Name) }

// wakeOne declares
//
//	func (j *Jobs) wakeStale(ctx context.Context, due timer.Due) error {
//		caller := command.Caller{Tenant: due.Stream.Tenant, Subject: "timer:job.stale"}
//		decide, err := j.CancelJob(ctx, caller, CancelJob{Reason: "stale"})
//		if err != nil {
//			return err
//		}
//		_, err = j.Repository().Execute(…)
//		return err
//	}
func (g *module) wakeOne(f *file, a *ir.Aggregate, t *ir.Timer) {
	x := g.exprs(map[string]root{"state": {code: func() *jen.Statement { return jen.Id("loaded").Dot("State") }, fields: a.State}})
	x.learn(whenTrueOf(t.While))
	subject := "timer:" + g.Name + "." + t.Name
	body := []jen.Code{jen.Id("caller").Op(":=").Add(callerType()).Values(pair("Tenant", jen.Id("due").Dot("Stream").Dot("Tenant")), pair("Subject", jen.Lit(subject)))}
	if t.Handwritten || usesAny(t.With, "state") {
		body = append(body, g.loadDue(a)...)
	}
	body = append(body, g.wakeInput(x, a, t)...)
	body = append(body,
		jen.List(jen.Id("decide"), jen.Err()).Op(":=").Id("j").Dot(naming.Go(t.Command.Name)).Call(jen.Id("ctx"), jen.Id("caller"), jen.Id("cmd")),
		returnErr(),
		jen.List(jen.Id("_"), jen.Err()).Op("=").Id("j").Dot("Repository").Call().Dot("Execute").Call(jen.Id("ctx"), g.wakeRequest(a)),
		jen.Return(jen.Err()))
	f.comment("wake%s runs %s, unless the timer was set anew meanwhile.", naming.Go(t.Name), t.Command.Name)
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(runnerName(a))).Id("wake" + naming.Go(t.Name)).
		Params(wakeParams(t.Handwritten)...).Error().Block(body...))
}

// wakeInput declares cmd, from what the spec says or from what people find out:
//
//	cmd, err := does.JobStale(ctx, caller, loaded)
//	if err != nil {
//		return err
//	}
func (g *module) wakeInput(x *exprs, a *ir.Aggregate, t *ir.Timer) []jen.Code {
	if !t.Handwritten {
		return g.input(x, a.Module, t.Command, t.With)
	}
	return []jen.Code{
		jen.List(jen.Id("cmd"), jen.Err()).Op(":=").Id("does").Dot(finderName(a, t)).Call(jen.Id("ctx"), jen.Id("caller"), jen.Id("loaded")),
		returnErr(),
	}
}

func whenTrueOf(e *ir.Expr) presence {
	if e == nil {
		return presence{}
	}
	return whenTrue(e)
}

// loadDue loads the state that a timer's command takes its input from.
func (g *module) loadDue(a *ir.Aggregate) []jen.Code {
	stream := jen.Id("due").Dot("Stream")
	return []jen.Code{
		jen.List(jen.Id("loaded"), jen.Err()).Op(":=").Id("j").Dot("Repository").Call().Dot("Load").
			Call(jen.Id("ctx"), stream.Clone().Dot("Tenant"), stream.Clone().Dot("ID")),
		jen.If(jen.Err().Op("!=").Nil().Op("||").Op("!").Id("loaded").Dot("State").Dot("wants").Call(jen.Id("due"))).Block(jen.Return(jen.Err())),
	}
}

func (g *module) wakeRequest(a *ir.Aggregate) *jen.Statement {
	state := jen.Id(naming.Go(a.Name))
	decide := jen.Func().Params(jen.Id("state").Op("*").Add(state.Clone()), jen.Id("now").Add(snip.Time())).
		Params(decisionType(a), jen.Error()).Block(
		jen.If(jen.Op("!").Id("state").Dot("wants").Call(jen.Id("due"))).Block(jen.Return(decisionType(a).Values(), jen.Nil())),
		jen.Return(jen.Id("decide").Call(jen.Id("state"), jen.Id("now"))))
	return snip.Command("Request").Types(state).Add(lines(
		pair("Tenant", jen.Id("due").Dot("Stream").Dot("Tenant")),
		pair("ID", jen.Id("due").Dot("Stream").Dot("ID")),
		pair("Key", snip.Timer("Key").Call(jen.Id("due"))),
		pair("Metadata", snip.Metadata().Values(pair("User", jen.Id("caller").Dot("Subject")))),
		pair("Decide", decide)))
}

// input declares cmd, the command that a timer or reaction runs:
//
//	cmd := tenant.NewSuspendTenant()
//	cmd.Reason = "unpaid"
func (g *module) input(x *exprs, module string, c *ir.Command, with []*ir.Assignment) []jen.Code {
	name := naming.Go(c.Name)
	var values, sets []jen.Code
	for _, a := range with {
		field := ir.FieldNamed(c.Input, a.Field)
		value := x.assign(field.Type, a.Value)
		values = append(values, pair(naming.Go(a.Field), value))
		sets = append(sets, jen.Id("cmd").Dot(naming.Go(a.Field)).Op("=").Add(value.Clone()))
	}
	for _, n := range x.takeNeeds() {
		g.fail(c.Pos, "%s may be absent where %s needs it: guard it with has()", n.path, c.Name)
	}
	if HasDefaults(c.Input) {
		return append([]jen.Code{jen.Id("cmd").Op(":=").Add(g.in(module, "New"+name)).Call()}, sets...)
	}
	return []jen.Code{jen.Id("cmd").Op(":=").Add(g.in(module, name)).Values(values...)}
}
