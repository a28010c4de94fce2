package golang

import (
	"net/http"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// stateFile declares an aggregate's state and what the runtime asks of it.
func (g *module) stateFile(a *ir.Aggregate) *file {
	f := g.newFile(naming.Snake(a.Name) + "_state.go")
	name := naming.Go(a.Name)
	f.comment("%s", is(name, a.Doc, "the state of one aggregate."))
	f.comment("It is the fold of its events and is never changed but by them.")
	f.fn(jen.Type().Id(name).Struct(g.structFields(a.State)...))
	g.logValue(f, name, a.State)
	g.applyMethod(f, name)
	g.cloneMethod(f, a)
	g.invariantMethod(f, a)
	return f
}

// applyMethod declares
//
//	func (s *Job) Apply(e event.Data) {
//		if e, ok := e.(interface{ apply(*Job) }); ok {
//			e.apply(s)
//		}
//	}
func (g *module) applyMethod(f *file, name string) {
	f.comment("Apply folds one event into the state. An event that is not one of %s's changes nothing.", name)
	f.fn(jen.Func().Params(jen.Id("s").Op("*").Id(name)).Id("Apply").Params(jen.Id("e").Add(snip.EventData())).Block(
		jen.If(
			jen.List(jen.Id("e"), jen.Id("ok")).Op(":=").Id("e").Assert(jen.Interface(jen.Id("apply").Params(jen.Op("*").Id(name)))),
			jen.Id("ok"),
		).Block(jen.Id("e").Dot("apply").Call(jen.Id("s")))))
}

// cloneMethod declares
//
//	func (s *Job) Clone() *Job {
//		c := *s
//		c.Tags = slices.Clone(s.Tags)
//		return &c
//	}
func (g *module) cloneMethod(f *file, a *ir.Aggregate) {
	name := naming.Go(a.Name)
	body := []jen.Code{jen.Id("c").Op(":=").Op("*").Id("s")}
	for _, field := range a.State {
		if clone := cloner(field.Type); clone != nil {
			place := jen.Id(naming.Go(field.Name))
			body = append(body, jen.Id("c").Dot("").Add(place).Op("=").Add(clone()).Call(jen.Id("s").Dot("").Add(place)))
		}
	}
	body = append(body, jen.Return(jen.Op("&").Id("c")))
	f.comment("Clone returns a copy with collections of its own. What pointers lead to is shared: it is replaced, never changed.")
	f.fn(jen.Func().Params(jen.Id("s").Op("*").Id(name)).Id("Clone").Params().Op("*").Id(name).Block(body...))
}

func cloner(t ir.Type) func() *jen.Statement {
	switch t.Kind {
	case ir.List, ir.Set:
		return snip.SlicesClone
	case ir.Map:
		return snip.MapsClone
	}
	return nil
}

// invariantMethod declares, if there are invariants,
//
//	func (s *Job) invariant() error {
//		if s.Status == JobStatusInProgress && s.StartedAt == nil {
//			return problem.Rule("JOB_BROKEN", "a job in progress has a start")
//		}
//		return nil
//	}
func (g *module) invariantMethod(f *file, a *ir.Aggregate) {
	if len(a.Invariants) == 0 {
		return
	}
	x := g.exprs(map[string]root{"state": stateRoot("s", a)})
	body := append(g.requirements(x, a.Invariants, jen.Return), jen.Return(jen.Nil()))
	f.comment("invariant refuses a state that no command may lead to.")
	f.fn(jen.Func().Params(jen.Id("s").Op("*").Id(naming.Go(a.Name))).Id("invariant").Params().Error().Block(body...))
}

// requirements prints a check for each condition; what it has told is known afterwards.
func (g *module) requirements(x *exprs, list []*ir.Requirement, refuse func(...jen.Code) *jen.Statement) []jen.Code {
	var checks []jen.Code
	for _, r := range list {
		failed, _ := x.negation(r.If)
		checks = append(checks, jen.If(failed).Block(refuse(refusal(r.Refusal))))
		x.learn(whenTrue(r.If))
	}
	return checks
}

// refusal prints problem.Rule("JOB_NOT_PENDING", "…"), or problem.Refusal(403, …) where it is no conflict.
func refusal(r ir.Refusal) *jen.Statement {
	if r.Status == http.StatusConflict {
		return snip.Rule().Call(jen.Lit(r.Code), jen.Lit(r.Message))
	}
	return snip.Refusal().Call(jen.Lit(r.Status), jen.Lit(r.Code), jen.Lit(r.Message))
}

func stateRoot(variable string, a *ir.Aggregate) root {
	return root{code: func() *jen.Statement { return jen.Id(variable) }, fields: a.State}
}
