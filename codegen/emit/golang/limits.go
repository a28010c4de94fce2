package golang

import (
	"strings"

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
		g.limitBound(f, a, l)
		g.limit(f, a, l)
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

// limitBound declares
//
//	func (j *Jobs) maxOpenUrgent(ctx context.Context, caller command.Caller) (int64, error) {
//		facts, err := j.loadOpenUrgentFacts(ctx, caller)
//		if err != nil {
//			return 0, err
//		}
//		return facts.Plan.MaxUrgentJobs(), nil
//	}
func (g *module) limitBound(f *file, a *ir.Aggregate, l *ir.Limit) {
	x := g.exprs(map[string]root{"facts": factsRoot(l.Facts), "context": callerRoot()})
	var body []jen.Code
	ctx, caller := "_", "_"
	if len(l.Facts) > 0 {
		ctx, caller = "ctx", "caller"
		body = append(body,
			jen.List(jen.Id("facts"), jen.Err()).Op(":=").Id("j").Dot(loaderName(limitFactsName(l))).Call(jen.Id("ctx"), jen.Id("caller")),
			returnErr(jen.Lit(0)))
	}
	if uses("context", l.Bound) {
		caller = "caller"
	}
	value := x.value(l.Bound)
	if needs := x.takeNeeds(); len(needs) > 0 {
		body = append(body, jen.If(anyAbsent(needs)).Block(jen.Return(jen.Lit(-1), jen.Nil())))
	}
	body = append(body, jen.Return(value, jen.Nil()))
	f.comment("%s is how far %s may go %s; negative means without bound.", boundName(l), l.Name, direction(l))
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(runnerName(a))).Id(boundName(l)).
		Params(jen.Id(ctx).Add(snip.Context()), jen.Id(caller).Add(callerType())).Params(jen.Int64(), jen.Error()).Block(body...))
}

func boundName(l *ir.Limit) string {
	if l.Least {
		return "min" + naming.Go(l.Name)
	}
	return "max" + naming.Go(l.Name)
}

func direction(l *ir.Limit) string {
	if l.Least {
		return "down"
	}
	return "up"
}

// limit declares
//
//	func (j *Jobs) openUrgentLimit(caller command.Caller) command.Limit[Job] {
//		return command.Limit[Job]{
//			Name:    "job.Job.open_urgent@1f0c1a94",
//			Counts:  (*Job).countsOpenUrgent,
//			Bound:   func(ctx context.Context) (int64, error) { return j.maxOpenUrgent(ctx, caller) },
//			Status:  409,
//			Code:    "TOO_MANY_URGENT",
//			Message: "the plan allows no more urgent jobs at once",
//		}
//	}
func (g *module) limit(f *file, a *ir.Aggregate, l *ir.Limit) {
	state := jen.Op("*").Id(naming.Go(a.Name))
	fields := []jen.Code{
		pair("Name", jen.Lit(counterName(a, l))),
		pair("Counts", jen.Parens(state).Dot("counts"+naming.Go(l.Name))),
	}
	if len(l.Per) > 1 {
		fields = append(fields, pair("Scope", jen.Func().Params(jen.Id("s").Add(state)).String().Block(jen.Return(g.limitScope(a, l)))))
	}
	if l.Least {
		fields = append(fields, pair("Least", jen.True()))
	}
	fields = append(fields,
		pair("Bound", jen.Func().Params(jen.Id("ctx").Add(snip.Context())).Params(jen.Int64(), jen.Error()).Block(
			jen.Return(jen.Id("j").Dot(boundName(l)).Call(jen.Id("ctx"), jen.Id("caller"))))),
		pair("Status", jen.Lit(l.Status)), pair("Code", jen.Lit(l.Code)), pair("Message", jen.Lit(l.Message)))
	f.comment("%s bounds how many count towards %s.", limitName(l), l.Name)
	f.fn(jen.Func().Params(jen.Id("j").Op("*").Id(runnerName(a))).Id(limitName(l)).Params(jen.Id("caller").Add(callerType())).Add(limitType(a)).Block(
		jen.Return(limitType(a).Add(lines(fields...)))))
}

func limitType(a *ir.Aggregate) *jen.Statement {
	return snip.Command("Limit").Types(jen.Id(naming.Go(a.Name)))
}

func limitName(l *ir.Limit) string { return naming.Local(l.Name) + "Limit" }

// counterName ends with a hash of what is counted: after a change the counters start anew.
func counterName(a *ir.Aggregate, l *ir.Limit) string {
	return a.Module + "." + a.Stored() + "." + l.Name + "@" + hash(exprText(l.Counts), strings.Join(l.Per, "/"))[:8]
}

// limitScope prints what a count is kept per, besides the tenant.
func (g *module) limitScope(a *ir.Aggregate, l *ir.Limit) *jen.Statement {
	x := g.exprs(map[string]root{"state": stateRoot("s", a)})
	code := jen.Null()
	for i, name := range l.Per[1:] {
		if i > 0 {
			code.Op("+").Lit("/").Op("+")
		}
		code.Add(x.toString(&ir.Expr{Op: ir.Variable, Path: []string{"state", name}, Type: ir.FieldNamed(a.State, name).Type, Pos: l.Pos}))
	}
	return code
}
