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
	f.comment("%s prepares the commands of %s: it checks their values and loads the facts and bounds that their decisions need.", name, a.Name)
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
//		…values, facts, bounds…
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
	var bounded bool
	for _, l := range a.Limits {
		if useOf(l, a, c) == claims {
			bounded = true
			body = append(body,
				jen.List(jen.Id(boundName(l)), jen.Err()).Op(":=").Id("j").Dot("max"+naming.Go(l.Name)).Call(jen.Id("ctx"), jen.Id("caller")),
				returnErr(jen.Nil()))
		}
	}
	body = append(body, jen.Return(g.decision(a, c), jen.Nil()))
	ctx, caller := "_", "_"
	if bounded || len(c.Facts) > 0 {
		ctx, caller = "ctx", "caller"
	}
	if contextOf(c).caller {
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

func boundName(l *ir.Limit) string { return "max" + naming.Go(l.Name) }

// decisionFunc is func(*Job, time.Time) (command.Decision[Job], error).
func (g *module) decisionFunc(a *ir.Aggregate) *jen.Statement {
	return jen.Func().Params(jen.Op("*").Id(naming.Go(a.Name)), snip.Time()).Params(decisionType(a), jen.Error())
}

func decisionType(a *ir.Aggregate) *jen.Statement {
	return snip.Command("Decision").Types(jen.Id(naming.Go(a.Name)))
}

func (g *module) decision(a *ir.Aggregate, c *ir.Command) *jen.Statement {
	values := []jen.Code{pair("Events", jen.Id("events"))}
	if limits := g.limitsFunc(a, c); limits != nil {
		values = append(values, pair("Limits", limits))
	}
	return jen.Func().Params(jen.Id("state").Op("*").Id(naming.Go(a.Name)), jen.Id("now").Add(snip.Time())).
		Params(decisionType(a), jen.Error()).Block(
		jen.List(jen.Id("events"), jen.Err()).Op(":=").Id("cmd").Dot("Decide").Call(decideArgs(c)...),
		jen.Return(decisionType(a).Values(values...), jen.Err()))
}

// limitsFunc prints
//
//	func(before, after *Job) []eventstore.Limit { return openUrgentMoves(before, after, maxOpenUrgent) }
//
// or nil where the command has nothing to do with any limit.
func (g *module) limitsFunc(a *ir.Aggregate, c *ir.Command) *jen.Statement {
	var moves []jen.Code
	for _, l := range a.Limits {
		use := useOf(l, a, c)
		if use == untouched {
			continue
		}
		before, bound := jen.Id("before"), jen.Id(boundName(l))
		if c.Creates && !c.IfAbsent {
			before = jen.Nil()
		}
		if use == releases {
			bound = jen.Lit(-1)
		}
		moves = append(moves, jen.Id(movesName(l)).Call(before, jen.Id("after"), bound))
	}
	first := "before"
	if c.Creates && !c.IfAbsent {
		first = "_"
	}
	result := jen.Null()
	switch len(moves) {
	case 0:
		return nil
	case 1:
		result.Add(moves[0])
	default:
		result = snip.SlicesConcat().Call(moves...)
	}
	return jen.Func().Params(jen.List(jen.Id(first), jen.Id("after")).Op("*").Id(naming.Go(a.Name))).Index().Add(snip.StoreLimit()).Block(jen.Return(result))
}
