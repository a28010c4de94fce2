package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// limitsFile declares the limits that hold across an aggregate's streams.
func (g *module) limitsFile(a *ir.Aggregate) *file {
	if len(a.Limits) == 0 {
		return nil
	}
	f := g.newFile(naming.Snake(a.Name) + "_limits.go")
	for _, l := range a.Limits {
		g.counts(f, a, l)
		g.limitMax(f, a, l)
		g.limitMoves(f, a, l)
	}
	return f
}

// counts declares
//
//	func (s *Job) countsOpenUrgent() bool {
//		return s.Priority == PriorityUrgent && …
//	}
func (g *module) counts(f *file, a *ir.Aggregate, l *ir.Limit) {
	x := g.exprs(map[string]root{"state": stateRoot("s", a)})
	f.comment("counts%s tells whether s counts towards the limit %s.", naming.Go(l.Name), l.Name)
	f.fn(jen.Func().Params(jen.Id("s").Op("*").Id(naming.Go(a.Name))).Id("counts" + naming.Go(l.Name)).Params().Bool().Block(
		jen.Return(x.condition(l.Counts))))
}

// limitMax declares
//
//	func (j *Jobs) maxOpenUrgent(ctx context.Context, caller command.Caller) (int64, error) {
//		facts, err := j.loadOpenUrgentFacts(ctx, caller)
//		if err != nil {
//			return 0, err
//		}
//		return facts.Plan.MaxUrgentJobs(), nil
//	}
func (g *module) limitMax(f *file, a *ir.Aggregate, l *ir.Limit) {
	x := g.exprs(map[string]root{"facts": factsRoot(l.Facts), "context": callerRoot()})
	var body []jen.Code
	ctx, caller := "_", "_"
	if len(l.Facts) > 0 {
		ctx, caller = "ctx", "caller"
		body = append(body,
			jen.List(jen.Id("facts"), jen.Err()).Op(":=").Id("j").Dot(loaderName(limitFactsName(l))).Call(jen.Id("ctx"), jen.Id("caller")),
			returnErr(jen.Lit(0)))
	}
	if uses("context", l.Max) {
		caller = "caller"
	}
	value := x.value(l.Max)
	if needs := x.takeNeeds(); len(needs) > 0 {
		body = append(body, jen.If(anyAbsent(needs)).Block(jen.Return(jen.Lit(-1), jen.Nil())))
	}
	body = append(body, jen.Return(value, jen.Nil()))
	f.comment("max%s is how far %s may go; negative means without bound.", naming.Go(l.Name), l.Name)
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(runnerName(a))).Id("max"+naming.Go(l.Name)).
		Params(jen.Id(ctx).Add(snip.Context()), jen.Id(caller).Add(callerType())).Params(jen.Int64(), jen.Error()).Block(body...))
}

// limitMoves declares
//
//	func (j *Jobs) openUrgentMoves(caller command.Caller) command.Moves[Job] {
//		move := func(s *Job, delta, bound int64) eventstore.Limit { … }
//		return func(ctx context.Context, before, after *Job) ([]eventstore.Limit, error) {
//			was, is := before != nil && before.countsOpenUrgent(), after.countsOpenUrgent()
//			switch {
//			case was == is:
//				return nil, nil
//			case was:
//				return []eventstore.Limit{move(before, -1, -1)}, nil
//			}
//			bound, err := j.maxOpenUrgent(ctx, caller)
//			if err != nil {
//				return nil, err
//			}
//			return []eventstore.Limit{move(after, 1, bound)}, nil
//		}
//	}
func (g *module) limitMoves(f *file, a *ir.Aggregate, l *ir.Limit) {
	state := jen.Op("*").Id(naming.Go(a.Name))
	counted := func(variable string) *jen.Statement { return jen.Id(variable).Dot("counts" + naming.Go(l.Name)).Call() }
	f.comment("%s is how a change moves the count. Only one that counts up asks for the bound.", movesName(l))
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(runnerName(a))).Id(movesName(l)).Params(jen.Id("caller").Add(callerType())).Add(movesType(a)).Block(
		g.limitMove(a, l),
		jen.Return(jen.Func().Params(jen.Id("ctx").Add(snip.Context()), jen.List(jen.Id("before"), jen.Id("after")).Add(state)).
			Params(jen.Index().Add(snip.StoreLimit()), jen.Error()).Block(append([]jen.Code{
			jen.List(jen.Id("was"), jen.Id("is")).Op(":=").List(jen.Id("before").Op("!=").Nil().Op("&&").Add(counted("before")), counted("after")),
		}, g.moveSteps(a, l)...)...))))
}

func movesType(a *ir.Aggregate) *jen.Statement {
	return snip.Command("Moves").Types(jen.Id(naming.Go(a.Name)))
}

// limitMove declares the function that makes a move of what one state counts for.
func (g *module) limitMove(a *ir.Aggregate, l *ir.Limit) *jen.Statement {
	fields := []jen.Code{pair("Name", jen.Lit(g.Name+"."+l.Name))}
	counting := jen.Id("_")
	if len(l.Per) > 1 {
		fields = append(fields, pair("Scope", g.limitScope("s", a, l)))
		counting = jen.Id("s")
	}
	fields = append(fields, pair("Delta", jen.Id("delta")), pair("Max", jen.Id("bound")), pair("Code", jen.Lit(l.Code)), pair("Message", jen.Lit(l.Message)))
	return jen.Id("move").Op(":=").Func().Params(counting.Op("*").Id(naming.Go(a.Name)), jen.List(jen.Id("delta"), jen.Id("bound")).Int64()).
		Add(snip.StoreLimit()).Block(jen.Return(snip.StoreLimit().Add(lines(fields...))))
}

func (g *module) moveSteps(a *ir.Aggregate, l *ir.Limit) []jen.Code {
	down, up := jen.Id("move").Call(jen.Id("before"), jen.Lit(-1), jen.Lit(-1)), jen.Id("move").Call(jen.Id("after"), jen.Lit(1), jen.Id("bound"))
	give := func(moves ...jen.Code) *jen.Statement {
		return jen.Return(jen.Index().Add(snip.StoreLimit()).Values(moves...), jen.Nil())
	}
	unmoved, ends := jen.Id("was").Op("==").Id("is"), jen.Id("was")
	if len(l.Per) > 1 {
		unmoved.Op("&&").Parens(jen.Op("!").Id("is").Op("||").Add(g.limitScope("before", a, l)).Op("==").Add(g.limitScope("after", a, l)))
		ends = jen.Op("!").Id("is")
	}
	steps := []jen.Code{
		jen.Switch().Block(
			jen.Case(unmoved).Block(jen.Return(jen.Nil(), jen.Nil())),
			jen.Case(ends).Block(give(down))),
		jen.List(jen.Id("bound"), jen.Err()).Op(":=").Id("j").Dot("max"+naming.Go(l.Name)).Call(jen.Id("ctx"), jen.Id("caller")),
		returnErr(jen.Nil()),
	}
	if len(l.Per) > 1 {
		steps = append(steps, jen.If(jen.Id("was")).Block(give(down.Clone(), up.Clone())))
	}
	return append(steps, give(up))
}

func movesName(l *ir.Limit) string { return naming.Local(l.Name) + "Moves" }

// limitScope is what a count is kept per, besides the tenant.
func (g *module) limitScope(variable string, a *ir.Aggregate, l *ir.Limit) *jen.Statement {
	x := g.exprs(map[string]root{"state": stateRoot(variable, a)})
	code := jen.Null()
	for i, name := range l.Per[1:] {
		if i > 0 {
			code.Op("+").Lit("/").Op("+")
		}
		code.Add(x.toString(&ir.Expr{Op: ir.Variable, Path: []string{"state", name}, Type: ir.FieldNamed(a.State, name).Type, Pos: l.Pos}))
	}
	return code
}
