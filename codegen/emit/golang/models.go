package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// modelsFile lists the module's read models for the wiring.
func (g *module) modelsFile() *file {
	var models, tables []*ir.Projection
	for _, p := range g.Projections {
		switch {
		case p.Store == ir.ClickHouse:
			models = append(models, p)
		case !p.Inline:
			tables = append(tables, p)
		}
	}
	if len(models)+len(tables) == 0 {
		return nil
	}
	f := g.newFile("projections.go")
	g.listModels(f, "Models", "in ClickHouse", snip.Projection("Model"), models, func(p *jen.Statement) *jen.Statement { return p.Dot("Model").Call() })
	g.listModels(f, "Tables", "in PostgreSQL that follow the log", snip.Projection("AsyncDefinition"), tables, func(p *jen.Statement) *jen.Statement { return p })
	return f
}

// listModels declares
//
//	func Models(rules Rules) []projection.Model {
//		jobFacts := JobFactsProjection
//		jobFacts.Apply = applyJobFacts(rules)
//		return []projection.Model{
//			jobFacts.Model(),
//		}
//	}
//
// Where nothing is mapped by hand there are no rules, and the list is all.
func (g *module) listModels(f *file, name, where string, typ *jen.Statement, list []*ir.Projection, item func(*jen.Statement) *jen.Statement) {
	if len(list) == 0 {
		return
	}
	var params, body, items []jen.Code
	for _, p := range list {
		if !isMapped(p) {
			items = append(items, item(jen.Id(projectionVar(p))))
			continue
		}
		variable := naming.Local(p.Name)
		params = []jen.Code{jen.Id("rules").Id("Rules")}
		body = append(body,
			jen.Id(variable).Op(":=").Id(projectionVar(p)),
			jen.Id(variable).Dot("Apply").Op("=").Id(applyName(p)).Call(jen.Id("rules")))
		items = append(items, item(jen.Id(variable)))
	}
	body = append(body, jen.Return(jen.Index().Add(typ.Clone()).Add(lines(items...))))
	f.comment("%s lists the module's read models %s.", name, where)
	f.fn(jen.Func().Id(name).Params(params...).Index().Add(typ).Block(body...))
}
