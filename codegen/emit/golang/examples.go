package golang

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// examplesFile makes tests of an aggregate's examples. Those of handwritten rules
// are for the tests beside the rules: generated code does not know the rules.
func (g *module) examplesFile(a *ir.Aggregate) *file {
	var runs []jen.Code
	for i, e := range a.Examples {
		if !e.Command.Handwritten {
			runs = append(runs, g.example(a, e, exampleName(i, e)))
		}
	}
	if len(runs) == 0 {
		return nil
	}
	f := g.newFile(naming.Snake(a.Name) + "_examples_test.go")
	f.comment("Test%sExamples runs the examples of the spec.", naming.Go(a.Name))
	f.fn(jen.Func().Id("Test" + naming.Go(a.Name) + "Examples").Params(jen.Id("t").Op("*").Add(snip.TestingT())).Block(
		append([]jen.Code{jen.Id("t").Dot("Parallel").Call()}, runs...)...))
	return f
}

func exampleName(i int, e *ir.Example) string {
	if e.Name != "" {
		return e.Name
	}
	return fmt.Sprintf("%d %s", i+1, e.Command.Name)
}

// example prints
//
//	t.Run("2 StartJob", func(t *testing.T) {
//		t.Parallel()
//		cmd := StartJob{}
//		giventest.Given(JobAggregate(), JobCreated{Title: "Ship"}, JobStarted{}).
//			When(func(state *Job, now time.Time) (command.Decision[Job], error) {
//				events, err := cmd.Decide(state, now)
//				return command.Decision[Job]{Events: events}, err
//			}).
//			Refused(t, "JOB_NOT_PENDING")
//	})
func (g *module) example(a *ir.Aggregate, e *ir.Example, name string) *jen.Statement {
	given := []jen.Code{jen.Id(naming.Go(a.Name) + "Aggregate").Call(g.exampleRules(a)...)}
	for _, past := range e.Given {
		given = append(given, g.exampleEvent(past))
	}
	decide := jen.Func().Params(jen.Id("state").Op("*").Id(naming.Go(a.Name)), jen.Id("now").Add(snip.Time())).
		Params(decisionType(a), jen.Error()).Block(
		jen.List(jen.Id("events"), jen.Err()).Op(":=").Id("cmd").Dot("Decide").Call(exampleArgs(e.Command)...),
		jen.Return(decisionType(a).Values(pair("Events", jen.Id("events"))), jen.Err()))
	body := []jen.Code{jen.Id("t").Dot("Parallel").Call()}
	body = append(body, g.input(g.exprs(nil), g.Name, e.Command, e.Input)...)
	if g.normalizesAny(e.Command.Input) {
		body = append(body, jen.Id("cmd").Dot("Normalize").Call())
	}
	body = append(body, snip.GivenTest("Given").Call(given...).Dot("").Line().Id("When").Call(decide).Dot("").Line().Add(g.expectation(e)))
	return jen.Id("t").Dot("Run").Call(jen.Lit(name), jen.Func().Params(jen.Id("t").Op("*").Add(snip.TestingT())).Block(body...))
}

func (g *module) exampleRules(a *ir.Aggregate) []jen.Code {
	if takesRules(g.Module, a) {
		return []jen.Code{jen.Id("UnimplementedRules").Values()}
	}
	return nil
}

// exampleArgs are the arguments of Decide: an example says nothing of facts and caller.
func exampleArgs(c *ir.Command) []jen.Code {
	args := []jen.Code{jen.Id("state")}
	if contextOf(c).facts {
		args = append(args, jen.Id(factsName(c)).Values())
	}
	if contextOf(c).caller {
		args = append(args, callerType().Values())
	}
	return append(args, jen.Id("now"))
}

func (g *module) exampleEvent(e ir.ExampleEvent) *jen.Statement {
	return jen.Id(naming.Go(e.Event.Name)).Values(g.exampleFields(e)...)
}

func (g *module) exampleFields(e ir.ExampleEvent) []jen.Code {
	constants := g.exprs(nil)
	var fields []jen.Code
	for _, f := range e.Event.Fields {
		value := f.Default
		for _, a := range e.Fields {
			if a.Field == f.Name {
				value = a.Value
			}
		}
		if value != nil && !isNull(value) {
			fields = append(fields, pair(naming.Go(f.Name), constants.assign(f.Type, value)))
		}
	}
	return fields
}

// expectation is what must come of it; of an event only the fields that the example names matter.
func (g *module) expectation(e *ir.Example) *jen.Statement {
	t := jen.Id("t")
	if e.Error != "" {
		return jen.Id("Refused").Call(t, jen.Lit(e.Error))
	}
	if len(e.Then) == 0 {
		return jen.Id("Unchanged").Call(t)
	}
	args := []jen.Code{t}
	for _, want := range e.Then {
		fields := []jen.Code{pair("Event", g.exampleEvent(want))}
		if len(want.Fields) > 0 {
			var names []jen.Code
			for _, a := range want.Fields {
				names = append(names, jen.Lit(a.Field))
			}
			fields = append(fields, pair("Fields", jen.Index().String().Values(names...)))
		}
		args = append(args, snip.GivenTest("Like").Values(fields...))
	}
	return jen.Id("ThenLike").Call(args...)
}
