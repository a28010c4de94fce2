package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// rulesFile declares what a person has to write, if there is anything:
//
//	type Rules interface {
//		ReprioritiseJob(state *Job, cmd ReprioritiseJob, now time.Time) ([]event.Data, error)
//	}
func (g *module) rulesFile() *file {
	if !HasRules(g.Module) {
		return nil
	}
	f := g.newFile("rules.go")
	f.ImportName(g.importPath(g.Name)+"/db", "db")
	var methods []jen.Code
	for _, a := range g.Aggregates {
		methods = append(methods, g.ruleMethods(a)...)
	}
	for _, p := range g.Projections {
		methods = append(methods, g.mapMethods(p)...)
	}
	f.comment("Rules are the decisions that the spec leaves to people.")
	f.comment("They are pure: what they need comes in, and they change nothing. No event means that nothing changes; problem.Rule refuses.")
	f.fn(jen.Type().Id("Rules").Interface(methods...))
	g.unimplemented(f)
	return f
}

func (g *module) ruleMethods(a *ir.Aggregate) []jen.Code {
	var methods []jen.Code
	for _, c := range a.Commands {
		if c.Handwritten {
			methods = append(methods, docLines(does(c.Name, c.Doc, "decides the command of that name."))...)
			methods = append(methods, jen.Id(naming.Go(c.Name)).Params(g.ruleParams(a, c)...).Params(jen.Index().Add(snip.EventData()), jen.Error()))
		}
	}
	for _, e := range a.Events {
		if e.Handwritten {
			methods = append(methods, jen.Comment("Apply"+naming.Go(e.Name)+" folds the event into the state; it replaces collections instead of writing into them."),
				jen.Id("Apply"+naming.Go(e.Name)).Params(jen.Id("state").Op("*").Id(naming.Go(a.Name)), jen.Id("e").Id(naming.Go(e.Name))))
		}
	}
	return methods
}

func (g *module) ruleParams(a *ir.Aggregate, c *ir.Command) []jen.Code {
	params := []jen.Code{jen.Id("state").Op("*").Id(naming.Go(a.Name)), jen.Id("cmd").Id(naming.Go(c.Name))}
	if len(c.Facts) > 0 {
		params = append(params, jen.Id("facts").Id(factsName(c)))
	}
	return append(params, jen.Id("now").Add(snip.Time()))
}

// unimplemented declares rules that refuse everything, to embed while the real ones are being written.
func (g *module) unimplemented(f *file) {
	f.comment("UnimplementedRules refuses every command. Embed it while the real rules are being written.")
	f.fn(jen.Type().Id("UnimplementedRules").Struct())
	f.fn(jen.Var().Id("_").Id("Rules").Op("=").Id("UnimplementedRules").Values())
	for _, a := range g.Aggregates {
		for _, c := range a.Commands {
			if !c.Handwritten {
				continue
			}
			f.comment("%s refuses.", naming.Go(c.Name))
			f.fn(jen.Func().Params(jen.Id("UnimplementedRules")).Id(naming.Go(c.Name)).Params(g.ruleTypes(a, c)...).
				Params(jen.Index().Add(snip.EventData()), jen.Error()).Block(
				jen.Return(jen.Nil(), snip.NewProblem().Call(jen.Lit(501), jen.Lit("NOT_IMPLEMENTED"), jen.Lit("Not implemented"),
					jen.Lit("the rule for "+c.Name+" is not written yet")))))
		}
		for _, e := range a.Events {
			if e.Handwritten {
				f.comment("Apply%s changes nothing.", naming.Go(e.Name))
				f.fn(jen.Func().Params(jen.Id("UnimplementedRules")).Id("Apply"+naming.Go(e.Name)).
					Params(jen.Op("*").Id(naming.Go(a.Name)), jen.Id(naming.Go(e.Name))).Block())
			}
		}
	}
	for _, p := range g.Projections {
		g.unimplementedMaps(f, p)
	}
}

func (g *module) ruleTypes(a *ir.Aggregate, c *ir.Command) []jen.Code {
	types := []jen.Code{jen.Op("*").Id(naming.Go(a.Name)), jen.Id(naming.Go(c.Name))}
	if len(c.Facts) > 0 {
		types = append(types, jen.Id(factsName(c)))
	}
	return append(types, snip.Time())
}
