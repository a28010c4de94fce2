package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// factsFile declares the facts of an aggregate's commands and limits, and how they are loaded.
func (g *module) factsFile(a *ir.Aggregate) *file {
	if len(a.Facts()) == 0 {
		return nil
	}
	f := g.newFile(naming.Snake(a.Name) + "_facts.go")
	for _, c := range a.Commands {
		if len(c.Facts) > 0 {
			f.comment("%s are what the decision of %s knows besides the state.", factsName(c), c.Name)
			f.fn(jen.Type().Id(factsName(c)).Struct(g.structFields(factFields(c.Facts))...))
			g.loader(f, a, factsName(c), c.Facts, jen.Id("cmd").Id(naming.Go(c.Name)))
		}
	}
	for _, l := range a.Limits {
		if len(l.Facts) > 0 {
			f.comment("%s are what the limit %s depends on.", limitFactsName(l), l.Name)
			f.fn(jen.Type().Id(limitFactsName(l)).Struct(g.structFields(factFields(l.Facts))...))
			g.loader(f, a, limitFactsName(l), l.Facts, nil)
		}
	}
	return f
}

func factsName(c *ir.Command) string { return naming.Go(c.Name) + "Facts" }

func limitFactsName(l *ir.Limit) string { return naming.Local(l.Name) + "Facts" }

func loaderName(facts string) string { return "load" + naming.Go(facts) }

// loader declares
//
//	func (j *Jobs) loadOpenUrgentFacts(ctx context.Context, caller command.Caller) (openUrgentFacts, error) {
//		var facts openUrgentFacts
//		plan, err := j.tenant.Tenants.Load(ctx, uuid.Nil, caller.Tenant)
//		if err != nil {
//			return facts, fmt.Errorf("load fact plan: %w", err)
//		}
//		facts.Plan = plan.State.Plan
//		return facts, nil
//	}
//
// A fact that may be missing is looked for instead:
//
//	assignee, found, err := j.identity.Members.Find(ctx, caller.Tenant, cmd.AssignedTo)
//	…
//	if found {
//		facts.Assignee = &assignee.State.Status
//	}
func (g *module) loader(f *file, a *ir.Aggregate, facts string, list []*ir.Fact, cmd *jen.Statement) {
	roots := map[string]root{"context": callerRoot()}
	params := []jen.Code{jen.Id("ctx").Add(snip.Context()), jen.Id("caller").Add(callerType())}
	if cmd != nil {
		params = append(params, cmd)
		roots["command"] = root{code: func() *jen.Statement { return jen.Id("cmd") }, fields: commandOfFacts(a, facts).Input}
	}
	x := g.exprs(roots)
	body := []jen.Code{jen.Var().Id("facts").Id(facts)}
	for _, fact := range list {
		body = append(body, g.loadFact(x, a, fact)...)
	}
	body = append(body, jen.Return(jen.Id("facts"), jen.Nil()))
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(runnerName(a))).Id(loaderName(facts)).Params(params...).
		Params(jen.Id(facts), jen.Error()).Block(body...))
}

func commandOfFacts(a *ir.Aggregate, facts string) *ir.Command {
	for _, c := range a.Commands {
		if factsName(c) == facts {
			return c
		}
	}
	return &ir.Command{}
}

func (g *module) loadFact(x *exprs, a *ir.Aggregate, fact *ir.Fact) []jen.Code {
	if uses("state", fact.ID) {
		g.fail(fact.Pos, "the fact %s is found by the state, which is not loaded yet: use command or context", fact.Name)
	}
	loaded := naming.Local(fact.Name)
	value := jen.Id(loaded).Dot("State")
	fields, last := fact.Aggregate.State, (*ir.Field)(nil)
	for i, name := range fact.Path {
		field := ir.FieldNamed(fields, name)
		if field == nil || isPointer(field.Type) && i < len(fact.Path)-1 {
			g.fail(fact.Pos, "the fact %s goes through %s, which may be absent", fact.Name, name)
			return nil
		}
		value, last = value.Dot(naming.Go(name)), field
		if field.Type.Def != nil {
			fields = field.Type.Def.Fields
		}
	}
	load := func(method string, results ...jen.Code) []jen.Code {
		return []jen.Code{
			jen.List(results...).Op(":=").Add(g.repository(a, fact.Aggregate)).Dot(method).Call(jen.Id("ctx"), factTenant(fact), x.value(fact.ID)),
			jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Id("facts"), snip.Errorf().Call(jen.Lit("load fact "+fact.Name+": %w"), jen.Err()))),
		}
	}
	set := jen.Id("facts").Dot(naming.Go(fact.Name)).Op("=")
	if !fact.Optional {
		return append(load("Load", jen.Id(loaded), jen.Err()), set.Add(value))
	}
	if isPointer(fact.Type) && !isPointer(last.Type) {
		value = jen.Op("&").Add(value)
	}
	return append(load("Find", jen.Id(loaded), jen.Id("found"), jen.Err()), jen.If(jen.Id("found")).Block(set.Add(value)))
}

// factTenant is in whose name a fact is loaded. What has no tenant of its own is
// the platform's to read; facts never reach a client.
func factTenant(fact *ir.Fact) *jen.Statement {
	if fact.Aggregate.Scope == ir.ScopeTenant {
		return jen.Id("caller").Dot("Tenant")
	}
	return snip.NilUUID()
}

// repository reaches an aggregate's repository from a runner.
func (g *module) repository(from, of *ir.Aggregate) *jen.Statement {
	if of.Module == from.Module {
		return jen.Id("j").Dot("repos").Dot(naming.Go(of.Plural))
	}
	return jen.Id("j").Dot(naming.Local(of.Module)).Dot(naming.Go(of.Plural))
}
