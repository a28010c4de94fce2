package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// aggregateFile declares what the runtime has to know of an aggregate.
func (g *module) aggregateFile(a *ir.Aggregate) *file {
	f := g.newFile(naming.Snake(a.Name) + "_aggregate.go")
	schema := naming.Local(a.Name) + "Schema"
	f.comment("%s changes with the state's shape and the way events fold into it; snapshots of another are not used.", schema)
	f.fn(jen.Const().Id(schema).Op("=").Lit(hash(stateShape(a))[:16]))

	name := naming.Go(a.Name)
	f.comment("%sAggregate tells the runtime how to keep %s.", name, naming.Words(a.Plural))
	f.fn(jen.Func().Id(name + "Aggregate").Params(g.applierParams(a)...).Add(aggregateType(a)).Block(
		jen.Return(aggregateType(a).Add(lines(g.aggregateFields(a, schema)...)))))
	g.appendEncoded(f, name)
	g.tenancy(f, a)
	return f
}

func aggregateType(a *ir.Aggregate) *jen.Statement {
	return snip.Command("Aggregate").Types(jen.Id(naming.Go(a.Name)))
}

func (g *module) applierParams(a *ir.Aggregate) []jen.Code {
	if takesRules(g.Module, a) {
		return []jen.Code{jen.Id("rules").Id("Rules")}
	}
	return nil
}

var scopes = map[ir.Scope]string{ir.ScopeTenant: "Tenant", ir.ScopeSelf: "Self", ir.ScopePlatform: "Platform"}

func (g *module) aggregateFields(a *ir.Aggregate, schema string) []jen.Code {
	name := naming.Go(a.Name)
	method := func(m string) *jen.Statement { return jen.Parens(jen.Op("*").Id(name)).Dot(m) }
	fields := []jen.Code{
		pair("Module", jen.Lit(g.Name)),
		pair("Type", jen.Lit(a.Stored())),
		pair("Scope", snip.Command(scopes[a.Scope])),
		pair("SnapshotEvery", jen.Lit(int(a.SnapshotEvery))),
		pair("Schema", jen.Id(schema)),
		pair("Decode", jen.Id("Decode"+name+"Event")),
		pair("Apply", g.applier(a)),
		pair("EncodeState", method("appendState")),
		pair("DecodeState", method("readState")),
		pair("Clone", method("Clone")),
	}
	if len(a.Timers) > 0 {
		fields = append(fields, pair("Timers", method("timers")))
	}
	if len(a.Invariants) > 0 {
		fields = append(fields, pair("Invariant", method("invariant")))
	}
	if inline := g.inlineOf(a); len(inline) > 0 {
		fields = append(fields, pair("Inline", jen.Index().Func().Params(snip.Context(), snip.Tx(), jen.Index().Add(snip.Recorded())).Error().Values(inline...)))
	}
	return fields
}

// applier is (*Job).Apply; for an event whose fold is handwritten, the rules are asked:
//
//	func(s *Job, e event.Data) {
//		switch e := e.(type) {
//		case JobMerged:
//			rules.ApplyJobMerged(s, e)
//		default:
//			s.Apply(e)
//		}
//	}
func (g *module) applier(a *ir.Aggregate) *jen.Statement {
	name := naming.Go(a.Name)
	if !hasAppliers(a) {
		return jen.Parens(jen.Op("*").Id(name)).Dot("Apply")
	}
	var cases []jen.Code
	for _, e := range a.Events {
		if e.Handwritten {
			cases = append(cases, jen.Case(jen.Id(naming.Go(e.Name))).Block(
				jen.Id("rules").Dot("Apply"+naming.Go(e.Name)).Call(jen.Id("s"), jen.Id("e"))))
		}
	}
	cases = append(cases, jen.Default().Block(jen.Id("s").Dot("Apply").Call(jen.Id("e"))))
	return jen.Func().Params(jen.Id("s").Op("*").Id(name), jen.Id("e").Add(snip.EventData())).Block(
		jen.Switch(jen.Id("e").Op(":=").Id("e").Assert(jen.Type())).Block(cases...))
}

// appendEncoded declares the snapshot's codec in the form that the runtime asks for.
func (g *module) appendEncoded(f *file, name string) {
	f.fn(jen.Func().Params(jen.Id("s").Op("*").Id(name)).Id("appendState").Params(jen.Id("dst").Index().Byte()).Index().Byte().Block(
		jen.Return(snip.Codec("Append").Call(jen.Id("dst"), jen.Id("s")))))
	f.fn(jen.Func().Params(jen.Id("s").Op("*").Id(name)).Id("readState").Params(jen.Id("state").Index().Byte()).Error().Block(
		jen.Return(snip.Codec("Read").Call(jen.Id("state"), jen.Id("s")))))
}

// repositoriesFile declares
//
//	type Repositories struct {
//		Jobs *command.Repository[Job]
//	}
//
// A module that has only operations has none, and all who use modules need not know.
func (g *module) repositoriesFile() *file {
	f := g.newFile("repositories.go")
	var fields, made, runs []jen.Code
	for _, a := range g.Aggregates {
		plural := naming.Go(a.Plural)
		aggregate := jen.Id(naming.Go(a.Name) + "Aggregate").Call()
		if takesRules(g.Module, a) {
			aggregate = jen.Id(naming.Go(a.Name) + "Aggregate").Call(jen.Id("rules"))
		}
		fields = append(fields, jen.Id(plural).Op("*").Add(repositoryType(a)))
		made = append(made, pair(plural, snip.Command("NewRepository").Call(jen.Id("store"), aggregate, jen.Id("opts").Op("..."))))
		runs = append(runs, jen.Id("group").Dot("Go").Call(jen.Func().Params().Error().Block(
			jen.Return(jen.Id("r").Dot(plural).Dot("Run").Call(jen.Id("ctx"))))))
	}
	f.comment("Repositories are where the module's aggregates are.")
	f.fn(jen.Type().Id("Repositories").Struct(fields...))
	f.comment("NewRepositories returns the repositories of one process; all who use them share their caches.")
	f.fn(jen.Func().Id("NewRepositories").Params(g.repositoriesParams()...).Op("*").Id("Repositories").Block(
		jen.Return(jen.Op("&").Id("Repositories").Add(lines(made...)))))
	body := []jen.Code{jen.Op("<-").Id("ctx").Dot("Done").Call(), jen.Return(jen.Nil())}
	if len(runs) > 0 {
		body = append([]jen.Code{jen.List(jen.Id("group"), jen.Id("ctx")).Op(":=").Add(snip.ErrGroup()).Call(jen.Id("ctx"))}, runs...)
		body = append(body, jen.Return(jen.Id("group").Dot("Wait").Call()))
	}
	f.comment("Run saves snapshots in the background until ctx ends. Without it none are saved, and nothing else changes.")
	f.fn(jen.Func().Params(jen.Id("r").Op("*").Id("Repositories")).Id("Run").Params(jen.Id("ctx").Add(snip.Context())).Error().Block(body...))
	return f
}

func (g *module) repositoriesParams() []jen.Code {
	params := []jen.Code{jen.Id("store").Add(snip.Command("Store"))}
	if HasAppliers(g.Module) {
		params = append(params, jen.Id("rules").Id("Rules"))
	}
	return append(params, jen.Id("opts").Op("...").Add(snip.Command("Option")))
}
