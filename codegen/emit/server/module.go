package server

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// Runners are the aggregates whose commands a module runs, over HTTP, by timers
// or by reactions: New takes one runner of each, the module's own first.
func Runners(m *ir.Module) []*ir.Aggregate {
	out := slices.Clone(m.Aggregates)
	for _, a := range golang.ReactionTargets(m) {
		if a.Module != m.Name {
			out = append(out, a)
		}
	}
	return out
}

// RunnerName is the variable that holds an aggregate's runner in package server.
func RunnerName(m *ir.Module, a *ir.Aggregate) string {
	if a.Module == m.Name {
		return naming.Local(a.Plural)
	}
	return naming.Local(a.Module + "_" + a.Plural)
}

// module emits the type that answers, and New, which assembles the module.
func (e *emission) module() {
	f := e.file("module.go")
	f.PackageComment(fmt.Sprintf("Package server answers the HTTP API of module %s and assembles all that the module runs.", e.Name))
	f.Comment("server answers the module's HTTP API.")
	f.Type().Id("server").Struct(e.serverFields()...)
	f.Line()
	f.Var().Id("_").Add(e.api("Handler")).Op("=").Parens(jen.Op("*").Id("server")).Parens(jen.Nil())
	f.Line()
	f.Add(e.newModule())
	f.Line()
	f.Comment("find tells which operation a request is for.")
	f.Func().Id("find").Params(jen.Id("handler").Op("*").Add(e.api("Server"))).Func().Params(jen.Id("method").String(), jen.Id("u").Add(url())).Params(httpxPkg("Operation"), jen.Bool()).Block(
		jen.Return(jen.Func().Params(jen.Id("method").String(), jen.Id("u").Add(url())).Params(httpxPkg("Operation"), jen.Bool()).Block(
			jen.List(jen.Id("route"), jen.Id("ok")).Op(":=").Id("handler").Dot("FindPath").Call(jen.Id("method"), jen.Id("u")),
			jen.Return(jen.Id("operations").Index(e.api("OperationName").Call(jen.Id("route").Dot("Name").Call())), jen.Id("ok")))))
}

func (e *emission) serverFields() []jen.Code {
	out := []jen.Code{jen.Id("deps").Add(servicePkg("Deps")), jen.Id("repos").Op("*").Add(e.domain("Repositories"))}
	for _, a := range e.Aggregates {
		out = append(out, jen.Id(RunnerName(e.Module, a)).Op("*").Add(e.domain(plural(a))))
	}
	if len(e.Operations) > 0 {
		out = append(out, jen.Id("does").Add(e.domain("Operations")))
	}
	return out
}

// newModule emits New.
func (e *emission) newModule() *jen.Statement {
	parameters := []jen.Code{jen.Id("deps").Add(servicePkg("Deps")), jen.Id("repos").Op("*").Add(e.domain("Repositories"))}
	if golang.HasMaps(e.Module) {
		parameters = append(parameters, jen.Id("rules").Add(e.domain("Rules")))
	}
	if e.HasHandwork() {
		parameters = append(parameters, jen.Id("does").Add(e.domain("Operations")))
	}
	for _, a := range Runners(e.Module) {
		parameters = append(parameters, jen.Id(RunnerName(e.Module, a)).Op("*").Add(domain(a.Module, plural(a))))
	}
	own := []jen.Code{member("deps", jen.Id("deps")), member("repos", jen.Id("repos"))}
	for _, a := range e.Aggregates {
		own = append(own, member(RunnerName(e.Module, a), jen.Id(RunnerName(e.Module, a))))
	}
	if len(e.Operations) > 0 {
		own = append(own, member("does", jen.Id("does")))
	}
	return jen.Comment("New assembles the module; its commands run on the repositories and runners given.").Line().
		Func().Id("New").Params(parameters...).Params(jen.Op("*").Add(servicePkg("Module")), jen.Error()).Block(
		jen.Id("s").Op(":=").Op("&").Id("server").Values(own...),
		jen.List(jen.Id("handler"), jen.Err()).Op(":=").Add(e.api("NewServer")).Call(jen.Id("s"), jen.Id("security").Values(),
			e.api("WithErrorHandler").Call(httpxPkg("ErrorHandler")), e.api("WithNotFound").Call(httpxPkg("NotFound")), e.api("WithMethodNotAllowed").Call(httpxPkg("MethodNotAllowed"))),
		jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), errorf().Call(jen.Lit("assembling module "+e.Name+": %w"), jen.Err()))),
		jen.Return(jen.Op("&").Add(servicePkg("Module")).Add(fields(e.moduleFields()...)), jen.Nil()),
	)
}

func (e *emission) moduleFields() []jen.Code {
	out := []jen.Code{
		member("Name", jen.Lit(e.Name)),
		member("HTTP", httpxPkg("Module").Add(fields(member("Name", jen.Lit(e.Name)), member("Handler", jen.Id("handler")),
			member("Verifier", jen.Id("deps").Dot("Verifier")), member("Guard", jen.Id("deps").Dot("Guard")),
			member("Find", jen.Id("find").Call(jen.Id("handler"))), member("Forms", jen.Id("forms"))))),
	}
	if len(postgres.Tables(e.Module)) > 0 {
		out = append(out, member("Schema", schemaPkg(naming.Go(e.Name))))
	}
	if slices.ContainsFunc(e.Projections, func(p *ir.Projection) bool { return p.Store == ir.ClickHouse }) {
		out = append(out, member("Models", e.domain("Models").Call(e.rulesFor(ir.ClickHouse)...)))
	}
	if slices.ContainsFunc(e.Projections, func(p *ir.Projection) bool { return p.Store == ir.Postgres && !p.Inline }) {
		out = append(out, member("Tables", e.domain("Tables").Call(e.rulesFor(ir.Postgres)...)))
	}
	if len(e.Reactions) > 0 {
		out = append(out, member("Reactions", e.domain("Reactions").Call(e.runners(golang.ReactionTargets(e.Module))...)))
	}
	if timed := golang.TimerAggregates(e.Module); len(timed) > 0 {
		out = append(out, member("Timers", e.domain("Timers").Call(e.wakers(timed)...)))
	}
	task := jen.Values(member("Name", jen.Lit(e.Name+" snapshots")), member("Run", jen.Id("repos").Dot("Run")))
	return append(out, member("Tasks", jen.Index().Add(servicePkg("Task")).Values(task)))
}

// rulesFor are the rules where a read model in the store is mapped by hand.
func (e *emission) rulesFor(store ir.Store) []jen.Code {
	if golang.HasMapsIn(e.Module, store) {
		return []jen.Code{jen.Id("rules")}
	}
	return nil
}

func (e *emission) runners(of []*ir.Aggregate) []jen.Code {
	out := make([]jen.Code, len(of))
	for i, a := range of {
		out[i] = jen.Id(RunnerName(e.Module, a))
	}
	return out
}

// wakers are what timers need: runners, and what finds out the input of a command.
func (e *emission) wakers(timed []*ir.Aggregate) []jen.Code {
	out := e.runners(timed)
	if slices.ContainsFunc(timed, (*ir.Aggregate).HasHandwork) {
		out = append(out, jen.Id("does"))
	}
	return out
}
