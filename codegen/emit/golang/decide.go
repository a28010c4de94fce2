package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// decideFile holds the decisions that the spec states in full.
func (g *module) decideFile(a *ir.Aggregate) *file {
	f := g.newFile(naming.Snake(a.Name) + "_decide.go")
	for _, c := range a.Commands {
		g.decide(f, a, c)
	}
	return f
}

// decide declares
//
//	func (c StartJob) Decide(state *Job, now time.Time) ([]event.Data, error) {
//		if state.Status != JobStatusPending {
//			return nil, problem.Rule("JOB_NOT_PENDING", "only a pending job can be started")
//		}
//		return []event.Data{JobStarted{StartedAt: now}}, nil
//	}
//
// The decision of a handwritten rule gets the rules to ask, after its own checks.
func (g *module) decide(f *file, a *ir.Aggregate, c *ir.Command) {
	state := stateRoot("state", a)
	state.optional = c.IfAbsent
	x := g.exprs(map[string]root{
		"state": state, "command": commandRoot("c", c),
		"facts": factsRoot(c.Facts), "context": callerRoot(), "now": {},
	})
	var body []jen.Code
	if c.UnchangedIf != nil {
		body = append(body, jen.If(x.condition(c.UnchangedIf)).Block(jen.Return(jen.Nil(), jen.Nil())))
		x.learn(whenFalse(c.UnchangedIf))
	}
	body = append(body, g.requirements(x, c.Require, func(err ...jen.Code) *jen.Statement {
		return jen.Return(append([]jen.Code{jen.Nil()}, err...)...)
	})...)
	body = append(body, g.outcome(x, c)...)
	if c.Handwritten {
		f.comment("Decide lets the rules say which events %s leads to.", c.Name)
	} else {
		f.comment("Decide says which events %s leads to; none means that nothing changes.", c.Name)
	}
	receiver := jen.Id("c").Id(naming.Go(c.Name))
	if !c.Handwritten && !uses("command", decisionExprs(c)...) {
		receiver = jen.Id(naming.Go(c.Name))
	}
	f.fn(jen.Func().Params(receiver).Id("Decide").Params(g.decideParams(a, c)...).
		Params(jen.Index().Add(snip.EventData()), jen.Error()).Block(body...))
}

func (g *module) decideParams(a *ir.Aggregate, c *ir.Command) []jen.Code {
	var params []jen.Code
	if c.Handwritten {
		params = append(params, jen.Id("rules").Id("Rules"))
	}
	named := func(name string) *jen.Statement {
		return jen.Id(ifUsed(name, c.Handwritten || uses(name, decisionExprs(c)...)))
	}
	params = append(params, named("state").Op("*").Id(naming.Go(a.Name)))
	if contextOf(c).facts {
		params = append(params, named("facts").Id(factsName(c)))
	}
	if contextOf(c).caller {
		params = append(params, jen.Id("caller").Add(callerType()))
	}
	return append(params, named("now").Add(snip.Time()))
}

// decideArgs are the arguments for decideParams.
func decideArgs(c *ir.Command) []jen.Code {
	var args []jen.Code
	if c.Handwritten {
		args = append(args, jen.Id("j").Dot("rules"))
	}
	args = append(args, jen.Id("state"))
	if contextOf(c).facts {
		args = append(args, jen.Id("facts"))
	}
	if contextOf(c).caller {
		args = append(args, jen.Id("caller"))
	}
	return append(args, jen.Id("now"))
}

func (g *module) outcome(x *exprs, c *ir.Command) []jen.Code {
	if c.Handwritten {
		args := []jen.Code{jen.Id("state"), jen.Id("c")}
		if contextOf(c).facts {
			args = append(args, jen.Id("facts"))
		}
		return []jen.Code{jen.Return(jen.Id("rules").Dot(naming.Go(c.Name)).Call(append(args, jen.Id("now"))...))}
	}
	for _, e := range c.Emits {
		if e.When != nil {
			return g.conditionalEvents(x, c)
		}
	}
	var checks, events []jen.Code
	for _, e := range c.Emits {
		events = append(events, g.newEvent(x, e))
		checks = append(checks, g.demand(x, c)...)
	}
	return append(checks, jen.Return(jen.Index().Add(snip.EventData()).Values(events...), jen.Nil()))
}

// conditionalEvents prints events that are appended one by one, each under its condition.
func (g *module) conditionalEvents(x *exprs, c *ir.Command) []jen.Code {
	code := []jen.Code{jen.Var().Id("events").Index().Add(snip.EventData())}
	for _, e := range c.Emits {
		inner := x
		if e.When != nil {
			inner = x.with(whenTrue(e.When))
		}
		appended := jen.Id("events").Op("=").Append(jen.Id("events"), g.newEvent(inner, e))
		block := append(g.demand(inner, c), appended)
		if e.When != nil {
			block = []jen.Code{jen.If(x.condition(e.When)).Block(block...)}
		}
		code = append(code, block...)
	}
	return append(code, jen.Return(jen.Id("events"), jen.Nil()))
}

func (g *module) newEvent(x *exprs, e *ir.Emission) *jen.Statement {
	var fields []jen.Code
	for _, a := range e.Fields {
		if f := ir.FieldNamed(e.Event.Fields, a.Field); !isNull(a.Value) {
			fields = append(fields, pair(naming.Go(a.Field), x.assign(f.Type, a.Value)))
		}
	}
	return jen.Id(naming.Go(e.Event.Name)).Values(fields...)
}

// demand fails a command that needs a value which is absent. That is no refusal:
// an aggregate whose checks passed should have it.
//
//	if state.StartedAt == nil {
//		return nil, errors.New("decide CompleteJob: state.started_at is absent …")
//	}
func (g *module) demand(x *exprs, c *ir.Command) []jen.Code {
	var checks []jen.Code
	for _, n := range x.takeNeeds() {
		checks = append(checks, jen.If(n.code.Clone().Op("==").Nil()).Block(
			jen.Return(jen.Nil(), snip.NewError().Call(jen.Lit("decide "+c.Name+": "+n.path+" is absent, but the event needs it; let the spec require it")))))
	}
	return checks
}
