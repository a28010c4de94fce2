package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// mapName is the method of the rules that changes a row: MapJobCompletedToJobFacts.
func mapName(p *ir.Projection, h *ir.Handler) string {
	return "Map" + naming.Go(h.Event.Name) + "To" + naming.Go(p.Name)
}

// mapMethods are the handlers of a projection that people write.
func (g *module) mapMethods(p *ir.Projection) []jen.Code {
	var methods []jen.Code
	for _, h := range p.Handlers {
		if h.Handwritten {
			methods = append(methods,
				jen.Comment(mapName(p, h)+" changes the row of "+p.Name+" that the event is about; a row that is not there yet has its key and nothing else."),
				jen.Id(mapName(p, h)).Params(jen.Id("row").Op("*").Add(g.mappedRow(p)), jen.Id("e").Op("*").Add(snip.Recorded()), jen.Id("data").Add(g.mappedEvent(h))).
					Params(snip.Projection("Effect"), jen.Error()))
		}
	}
	return methods
}

// unimplementedMaps declare handlers that refuse: the event is parked until the real ones are there.
func (g *module) unimplementedMaps(f *file, p *ir.Projection) {
	for _, h := range p.Handlers {
		if !h.Handwritten {
			continue
		}
		f.comment("%s refuses.", mapName(p, h))
		f.fn(jen.Func().Params(jen.Id("UnimplementedRules")).Id(mapName(p, h)).
			Params(jen.Op("*").Add(g.mappedRow(p)), jen.Op("*").Add(snip.Recorded()), g.mappedEvent(h)).
			Params(snip.Projection("Effect"), jen.Error()).Block(
			jen.Return(snip.Projection("Skip"), snip.NewError().Call(jen.Lit("the map of "+h.Event.Name+" to "+p.Name+" is not written yet")))))
	}
}

func (g *module) mappedEvent(h *ir.Handler) *jen.Statement {
	return g.in(h.Aggregate.Module, naming.Go(h.Event.Name))
}

// mappedRow is the type of a projection's rows.
func (g *module) mappedRow(p *ir.Projection) *jen.Statement {
	if p.Store == ir.Postgres {
		return g.db(naming.Go(p.Name))
	}
	return jen.Id(rowName(p))
}

// mapRow lets the rules change a row in ClickHouse, all but its key:
//
//	before := *row
//	effect, err := rules.MapJobCompletedToJobFacts(row, e, data)
//	row.JobID = before.JobID
//	return effect, err
func (g *module) mapRow(p *ir.Projection, h *ir.Handler) []jen.Code {
	body := []jen.Code{
		jen.Id("before").Op(":=").Op("*").Id("row"),
		jen.List(jen.Id("effect"), jen.Err()).Op(":=").Id("rules").Dot(mapName(p, h)).Call(jen.Id("row"), jen.Id("e"), jen.Id("data")),
	}
	for _, k := range p.Key {
		body = append(body, jen.Id("row").Dot(naming.Go(k.Name)).Op("=").Id("before").Dot(naming.Go(k.Name)))
	}
	return append(body, jen.Return(jen.Id("effect"), jen.Err()))
}

// mapTable lets the rules change a row in PostgreSQL, all but its key:
//
//	effect, err := rules.MapPersonLeftToPeople(&row, e, data)
//	if err != nil || effect == projection.Skip {
//		return err
//	}
//	if effect == projection.Delete {
//		return queries.DeletePeople(ctx, db.DeletePeopleParams(key))
//	}
//	row.TenantID = key.TenantID
func (g *module) mapTable(p *ir.Projection, h *ir.Handler, remove jen.Code) []jen.Code {
	body := []jen.Code{
		jen.List(jen.Id("effect"), jen.Err()).Op(":=").Id("rules").Dot(mapName(p, h)).Call(jen.Op("&").Id("row"), jen.Id("e"), jen.Id("data")),
		jen.If(jen.Err().Op("!=").Nil().Op("||").Id("effect").Op("==").Add(snip.Projection("Skip"))).Block(jen.Return(jen.Err())),
		jen.If(jen.Id("effect").Op("==").Add(snip.Projection("Delete"))).Block(remove),
	}
	for _, name := range postgres.KeyColumns(p) {
		body = append(body, jen.Id("row").Dot(naming.Go(name)).Op("=").Id("key").Dot(naming.Go(name)))
	}
	return body
}

// asking declares a function; where handlers are handwritten it is one that makes it of the rules:
//
//	func applyJobFacts(rules Rules) func(…) … {
//		return func(…) … { … }
//	}
func asking(p *ir.Projection, name string, signature *jen.Statement, body ...jen.Code) *jen.Statement {
	if !isMapped(p) {
		return jen.Func().Id(name).Add(signature).Block(body...)
	}
	return jen.Func().Id(name).Params(jen.Id("rules").Id("Rules")).Func().Add(signature.Clone()).Block(
		jen.Return(jen.Func().Add(signature).Block(body...)))
}

// asked is a function that asking declared.
func asked(p *ir.Projection, name string) *jen.Statement {
	if isMapped(p) {
		return jen.Id(name).Call(jen.Id("rules"))
	}
	return jen.Id(name)
}

// applyOf is how a definition says what events do; what needs the rules is added by the list of models.
func applyOf(p *ir.Projection) []jen.Code {
	if isMapped(p) {
		return nil
	}
	return []jen.Code{pair("Apply", jen.Id(applyName(p)))}
}

func (g *module) projectionComment(f *file, p *ir.Projection, how string) {
	f.comment("%s keeps the rows of %s%s.", projectionVar(p), p.Name, how)
	f.comment("%s", p.Doc)
	if isMapped(p) {
		f.comment("It does not know what events do until it is listed with the rules.")
	}
}
