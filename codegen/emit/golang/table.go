package golang

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/emit/sqlcgen"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// db is a symbol of the package that sqlc makes for the module's tables.
func (g *module) db(symbol string) *jen.Statement {
	return jen.Qual(g.importPath(g.Name)+"/db", symbol)
}

func keepName(p *ir.Projection) string { return "keep" + naming.Go(p.Name) }

// tableProjection declares a read model in PostgreSQL: kept in the append's own
// transaction if it is inline, following the log otherwise.
func (g *module) tableProjection(f *file, p *ir.Projection) {
	f.ImportName(g.importPath(g.Name)+"/db", "db")
	if p.Inline {
		g.keepInline(f, p)
	} else {
		g.followLog(f, p)
	}
	g.decodeProjection(f, p)
	g.applyTable(f, p)
}

// inlineOf are the functions that keep inline projections of an aggregate's events.
func (g *module) inlineOf(a *ir.Aggregate) []jen.Code {
	var list []jen.Code
	for _, p := range g.Projections {
		for _, h := range p.Handlers {
			switch {
			case !p.Inline:
			case h.Aggregate.Module != g.Name:
				g.fail(h.Pos, "%s is inline, so it cannot follow events of the module %s: leave out `consistency: inline`", p.Name, h.Aggregate.Module)
			}
		}
		for _, source := range sources(p) {
			if p.Inline && source == a {
				list = append(list, asked(p, keepName(p)))
			}
		}
	}
	return list
}

// keepInline declares
//
//	func keepTenantBySlug(ctx context.Context, tx pgx.Tx, events []event.Recorded) error {
//		for i := range events {
//			data, err := decodeTenantBySlug(&events[i])
//			if err != nil {
//				return err
//			}
//			if data == nil {
//				continue
//			}
//			if err := applyTenantBySlug(ctx, tx, &events[i], data); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
func (g *module) keepInline(f *file, p *ir.Projection) {
	f.comment("%s keeps the rows of %s in the append's own transaction.", keepName(p), p.Name)
	f.comment("%s", p.Doc)
	e := jen.Op("&").Id("events").Index(jen.Id("i"))
	f.fn(asking(p, keepName(p), jen.Params(jen.Id("ctx").Add(snip.Context()), jen.Id("tx").Add(snip.Tx()), jen.Id("events").Index().Add(snip.Recorded())).Error(),
		jen.For(jen.Id("i").Op(":=").Range().Id("events")).Block(
			jen.List(jen.Id("data"), jen.Err()).Op(":=").Id(decodeName(p)).Call(e),
			returnErr(),
			jen.If(jen.Id("data").Op("==").Nil()).Block(jen.Continue()),
			jen.If(jen.Err().Op(":=").Add(asked(p, applyName(p))).Call(jen.Id("ctx"), jen.Id("tx"), e, jen.Id("data")), jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Err())),
		),
		jen.Return(jen.Nil())))
}

func (g *module) followLog(f *file, p *ir.Projection) {
	g.projectionComment(f, p, ", following the log")
	f.fn(jen.Var().Id(projectionVar(p)).Op("=").Add(snip.Projection("AsyncDefinition")).Add(lines(append([]jen.Code{
		pair("Module", jen.Lit(p.Module)),
		pair("Name", jen.Lit(p.Name)),
		pair("Hash", jen.Lit(hash(projectionShape(p))[:16])),
		pair("Tables", jen.Index().String().Values(jen.Lit(postgres.Table(p)))),
		pair("Decode", jen.Id(decodeName(p))),
	}, applyOf(p)...)...)))
}

// applyTable declares
//
//	func applyTenantBySlug(ctx context.Context, tx pgx.Tx, e *event.Recorded, data event.Data) error {
//		queries := db.New(tx)
//		…key…
//		row, err := queries.GetTenantBySlug(ctx, key)
//		if errors.Is(err, pgx.ErrNoRows) {
//			row, err = db.TenantBySlug{TenantID: key.TenantID}, nil
//		}
//		if err != nil {
//			return fmt.Errorf("read tenant_by_slug: %w", err)
//		}
//		switch data := data.(type) {
//		case TenantCreated:
//			row.Slug = data.Slug
//		}
//		return refuse…(queries.UpsertTenantBySlug(ctx, db.UpsertTenantBySlugParams(row)))
//	}
func (g *module) applyTable(f *file, p *ir.Projection) {
	name := naming.Go(p.Name)
	query := func(verb string) *jen.Statement { return jen.Id("queries").Dot(verb + name) }
	params := func(verb string, of jen.Code) *jen.Statement { return g.db(verb + name + "Params").Call(of) }
	wrapped := func(doing string) *jen.Statement {
		return jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(snip.Errorf().Call(jen.Lit(doing+" "+p.Name+": %w"), jen.Err())))
	}
	remove := func() jen.Code {
		return jen.Return(query("Delete").Call(jen.Id("ctx"), params("Delete", jen.Id("key"))))
	}
	cases, _, usesData := g.handlerCases(p, effects{
		skip:   func() jen.Code { return jen.Return(jen.Nil()) },
		remove: remove,
		mapped: func(h *ir.Handler) []jen.Code { return g.mapTable(p, h, remove()) },
	})
	body := []jen.Code{jen.Id("queries").Op(":=").Add(g.db("New")).Call(jen.Id("tx"))}
	body = append(body, g.tableKey(p)...)
	if sqlcgen.SharesRows(p) {
		body = append(body, jen.If(jen.Err().Op(":=").Add(query("Lock")).Call(jen.Id("ctx"), params("Lock", jen.Id("key"))), jen.Err().Op("!=").Nil()).Block(
			jen.Return(snip.Errorf().Call(jen.Lit("lock "+p.Name+": %w"), jen.Err()))))
	}
	body = append(body,
		jen.List(jen.Id("row"), jen.Err()).Op(":=").Add(query("Get")).Call(jen.Id("ctx"), jen.Id("key")),
		jen.If(snip.ErrorsIs().Call(jen.Err(), snip.ErrNoRows())).Block(
			jen.List(jen.Id("row"), jen.Err()).Op("=").List(g.newTableRow(p), jen.Nil())),
		wrapped("read"),
		typeSwitch(usesData).Block(cases...),
		jen.Err().Op("=").Add(query("Upsert")).Call(jen.Id("ctx"), params("Upsert", jen.Id("row"))))
	body = append(body, g.uniqueRefusals(p)...)
	body = append(body, wrapped("write"), jen.Return(jen.Nil()))
	f.comment("%s folds one event into its row.", applyName(p))
	f.fn(asking(p, applyName(p), jen.Params(
		jen.Id("ctx").Add(snip.Context()), jen.Id("tx").Add(snip.Tx()), jen.Id("e").Op("*").Add(snip.Recorded()), jen.Id("data").Add(snip.EventData()),
	).Error(), body...))
}

// tableKey declares key, the row that an event is about. The tenant is always
// the event's own: no row of another can be written.
func (g *module) tableKey(p *ir.Projection) []jen.Code {
	keyParams := g.db("Get" + naming.Go(p.Name) + "Params")
	tenant := pair("TenantID", jen.Id("e").Dot("Stream").Dot("Tenant"))
	if len(postgres.OwnKey(p)) == 0 {
		return []jen.Code{jen.Id("key").Op(":=").Add(keyParams).Values(tenant)}
	}
	var cases []jen.Code
	usesData := false
	for _, h := range p.Handlers {
		x := g.exprs(handlerRoots(p, h))
		var sets []jen.Code
		for i, a := range h.Key {
			if p.Key[i].Name == "tenant_id" {
				continue
			}
			walkExpr(a.Value, func(e *ir.Expr) { usesData = usesData || e.Op == ir.Variable && !isBuiltIn(e) })
			sets = append(sets, jen.Id("key").Dot(naming.Go(p.Key[i].Name)).Op("=").Add(x.stored(p.Key[i].Type, a.Value)))
		}
		cases = append(cases, jen.Case(g.in(h.Aggregate.Module, naming.Go(h.Event.Name))).Block(sets...))
	}
	return []jen.Code{jen.Id("key").Op(":=").Add(keyParams).Values(tenant), typeSwitch(usesData).Block(cases...)}
}

// newTableRow is a row with its key, and with lists that are empty rather than null.
func (g *module) newTableRow(p *ir.Projection) *jen.Statement {
	values := []jen.Code{pair("TenantID", jen.Id("key").Dot("TenantID"))}
	for _, k := range postgres.OwnKey(p) {
		values = append(values, pair(naming.Go(k.Name), jen.Id("key").Dot(naming.Go(k.Name))))
	}
	for _, c := range p.Columns {
		if !c.Type.Optional && emptyColumn(g, c.Type) != nil {
			values = append(values, pair(naming.Go(c.Name), emptyColumn(g, c.Type)))
		}
	}
	return g.db(naming.Go(p.Name)).Values(values...)
}

// emptyColumn is what a column must hold where Go's zero value is none that PostgreSQL takes.
func emptyColumn(g *module, t ir.Type) *jen.Statement {
	switch t.Kind {
	case ir.List, ir.Set:
		return g.rowType(t).Values()
	case ir.Money, ir.Struct:
		return jen.Lit("{}")
	case ir.JSON:
		return jen.Lit("null")
	}
	return nil
}

// uniqueRefusals turn the violation of a unique index into the refusal that the spec names.
//
//	if unique := new(pgconn.PgError); errors.As(err, &unique) && unique.ConstraintName == "tenant_by_slug_slug" {
//		return problem.Rule("SLUG_TAKEN", "this slug is taken")
//	}
func (g *module) uniqueRefusals(p *ir.Projection) []jen.Code {
	if len(p.Unique) == 0 {
		return nil
	}
	names := jen.Null()
	for i, columns := range p.Unique {
		if i > 0 {
			names.Op(",")
		}
		names.Lit(postgres.UniqueName(p, columns))
	}
	return []jen.Code{jen.If(
		jen.Id("unique").Op(":=").New(snip.PgError()),
		snip.ErrorsAs().Call(jen.Err(), jen.Op("&").Id("unique")).Op("&&").
			Add(snip.SlicesContains()).Call(jen.Index().String().Values(names), jen.Id("unique").Dot("ConstraintName")),
	).Block(jen.Return(snip.Rule().Call(jen.Lit(p.UniqueCode), jen.Lit(takenMessage(p)))))}
}

func takenMessage(p *ir.Projection) string {
	if len(p.Unique) > 1 {
		return "another one has these values already"
	}
	var columns []string
	for _, c := range p.Unique[0] {
		columns = append(columns, naming.Words(c))
	}
	return "this " + strings.Join(columns, " and ") + " is taken"
}
