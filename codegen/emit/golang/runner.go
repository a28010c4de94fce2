package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// runnerName is the type that runs an aggregate's commands, e.g. Jobs.
func runnerName(a *ir.Aggregate) string { return naming.Go(a.Plural) }

// runnerFile declares the type that prepares an aggregate's commands.
func (g *module) runnerFile(a *ir.Aggregate) *file {
	f := g.newFile(naming.Snake(a.Plural) + ".go")
	name := runnerName(a)
	f.comment("%s prepares the commands of %s: it checks their values and loads the facts that their decisions need.", name, a.Name)
	f.fn(jen.Type().Id(name).Struct(g.runnerFields(a)...))
	g.newRunner(f, a)
	f.comment("Repository is where the aggregates are.")
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(name)).Id("Repository").Params().Op("*").Add(repositoryType(a)).Block(
		jen.Return(jen.Id("j").Dot("repos").Dot(naming.Go(a.Plural)))))
	for _, c := range a.Commands {
		g.prepare(f, a, c)
	}
	return f
}

func repositoryType(a *ir.Aggregate) *jen.Statement {
	return snip.Command("Repository").Types(jen.Id(naming.Go(a.Name)))
}

// runnerFields are also the parameters of the constructor.
func (g *module) runnerFields(a *ir.Aggregate) []jen.Code {
	fields := []jen.Code{jen.Id("repos").Op("*").Id("Repositories")}
	if HasRules(g.Module) {
		fields = append(fields, jen.Id("rules").Id("Rules"))
	}
	for _, m := range FactModules(a) {
		fields = append(fields, jen.Id(naming.Local(m)).Op("*").Add(g.in(m, "Repositories")))
	}
	return fields
}

// newRunner declares
//
//	func NewJobs(repos *Repositories, rules Rules, tenant *tenant.Repositories) *Jobs {
//		return &Jobs{repos: repos, rules: rules, tenant: tenant}
//	}
func (g *module) newRunner(f *file, a *ir.Aggregate) {
	values := []jen.Code{pair("repos", jen.Id("repos"))}
	if HasRules(g.Module) {
		values = append(values, pair("rules", jen.Id("rules")))
	}
	for _, m := range FactModules(a) {
		values = append(values, pair(naming.Local(m), jen.Id(naming.Local(m))))
	}
	name := runnerName(a)
	f.comment("New%s returns what prepares the commands of %s.", name, a.Name)
	f.fn(jen.Func().Id("New" + name).Params(g.runnerFields(a)...).Op("*").Id(name).Block(
		jen.Return(jen.Op("&").Id(name).Values(values...))))
}

// prepare declares
//
//	func (j *Jobs) StartJob(ctx context.Context, caller command.Caller, cmd StartJob) (func(*Job, time.Time) (command.Decision[Job], error), error) {
//		…values, facts…
//		return func(state *Job, now time.Time) (command.Decision[Job], error) {
//			events, err := cmd.Decide(state, now)
//			return command.Decision[Job]{Events: events}, err
//		}, nil
//	}
func (g *module) prepare(f *file, a *ir.Aggregate, c *ir.Command) {
	body := g.prepareValues(c)
	if len(c.Facts) > 0 {
		body = append(body,
			jen.List(jen.Id("facts"), jen.Err()).Op(":=").Id("j").Dot(loaderName(factsName(c))).Call(jen.Id("ctx"), jen.Id("caller"), jen.Id("cmd")),
			returnErr(jen.Nil()))
	}
	ctx, caller := "_", "_"
	if len(c.Facts) > 0 {
		ctx, caller = "ctx", "caller"
	}
	limits := limitsOf(a, c)
	body = append(body, jen.Return(g.decision(a, c, limits), jen.Nil()))
	if len(limits) > 0 || contextOf(c).caller {
		caller = "caller"
	}
	f.comment("%s prepares the command of that name for the caller. The decision it returns is pure.", naming.Go(c.Name))
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(runnerName(a))).Id(naming.Go(c.Name)).
		Params(jen.Id(ctx).Add(snip.Context()), jen.Id(caller).Add(callerType()), jen.Id("cmd").Id(naming.Go(c.Name))).
		Params(g.decisionFunc(a), jen.Error()).Block(body...))
}

func (g *module) prepareValues(c *ir.Command) []jen.Code {
	var body []jen.Code
	if g.normalizesAny(c.Input) {
		body = append(body, jen.Id("cmd").Dot("Normalize").Call())
	}
	if len(g.fieldChecks(c.Input, func(string) *jen.Statement { return jen.Null() })) > 0 {
		body = append(body, jen.If(jen.Err().Op(":=").Id("cmd").Dot("Validate").Call(), jen.Err().Op("!=").Nil()).
			Block(jen.Return(jen.Nil(), jen.Err())))
	}
	return body
}

// decisionFunc is func(*Job, time.Time) (command.Decision[Job], error).
func (g *module) decisionFunc(a *ir.Aggregate) *jen.Statement {
	return jen.Func().Params(jen.Op("*").Id(naming.Go(a.Name)), snip.Time()).Params(decisionType(a), jen.Error())
}

func decisionType(a *ir.Aggregate) *jen.Statement {
	return snip.Command("Decision").Types(jen.Id(naming.Go(a.Name)))
}

func (g *module) decision(a *ir.Aggregate, c *ir.Command, limits []jen.Code) *jen.Statement {
	values := []jen.Code{pair("Events", jen.Id("events"))}
	if len(limits) > 0 {
		values = append(values, pair("Limits", jen.Index().Add(limitType(a)).Values(limits...)))
	}
	return jen.Func().Params(jen.Id("state").Op("*").Id(naming.Go(a.Name)), jen.Id("now").Add(snip.Time())).
		Params(decisionType(a), jen.Error()).Block(
		jen.List(jen.Id("events"), jen.Err()).Op(":=").Id("cmd").Dot("Decide").Call(decideArgs(c)...),
		jen.Return(decisionType(a).Values(values...), jen.Err()))
}

// limitsOf are the limits that a command may touch, each as j.openUrgentLimit(caller).
func limitsOf(a *ir.Aggregate, c *ir.Command) []jen.Code {
	var limits []jen.Code
	for _, l := range a.Limits {
		if touches(l, a, c) {
			limits = append(limits, jen.Id("j").Dot(limitName(l)).Call(jen.Id("caller")))
		}
	}
	return limits
}
