package server

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// queries emits the handlers of all queries.
func (e *emission) queries() {
	if len(e.Queries) == 0 {
		return
	}
	f := e.file("queries.go")
	for _, q := range e.Queries {
		f.Add(e.query(q)).Line()
	}
}

func (e *emission) query(q *ir.Query) *jen.Statement {
	switch q.Kind {
	case ir.Get:
		return e.get(q)
	case ir.AsOf:
		return e.asOf(q)
	case ir.History:
		return e.history(q)
	case ir.ListRows:
		return e.list(q)
	case ir.Find:
		return e.find(q)
	default:
		return e.aggregate(q)
	}
}

// handler is: func (s *server) GetJob(ctx, params api.GetJobParams) (…, error) { … }
func (e *emission) handler(q *ir.Query, doc string, result *jen.Statement, body ...jen.Code) *jen.Statement {
	return comment(q.Name+" "+doc, q.Doc).
		Func().Params(jen.Id("s").Op("*").Id("server")).Id(q.Name).
		Params(ctxParam(), jen.Id("params").Add(e.api(q.Name+"Params"))).
		Params(result, jen.Error()).Block(body...)
}

// get emits:
//
//	loaded, err := httpx.Get(ctx, s.repos.Jobs, params.ID)
//	if err != nil {
//		return nil, err
//	}
//	etag := httpx.ETag(loaded.Version)
//	if httpx.Unchanged(params.IfNoneMatch.Or(""), etag) {
//		return &api.GetJobNotModified{ETag: etag}, nil
//	}
//	return &api.JobFoundHeaders{ETag: etag, Response: jobView(loaded.ID, loaded.Version, loaded.State)}, nil
func (e *emission) get(q *ir.Query) *jen.Statement {
	doc := fmt.Sprintf("answers with the current state of %s.", subject(q.Aggregate, &ir.Command{}))
	return e.handler(q, doc, e.api(q.Name+"Res"),
		jen.List(jen.Id("loaded"), jen.Err()).Op(":=").Add(httpxPkg("Get")).Call(ctx(), e.repository(q), jen.Id("params").Dot("ID")),
		returnErr(),
		jen.Id("etag").Op(":=").Add(httpxPkg("ETag")).Call(jen.Id("loaded").Dot("Version")),
		jen.If(httpxPkg("Unchanged").Call(optionalText("IfNoneMatch"), jen.Id("etag"))).Block(
			jen.Return(jen.Op("&").Add(e.api(q.Name+"NotModified")).Values(member("ETag", jen.Id("etag"))), jen.Nil())),
		jen.Return(e.found(q, jen.Id("etag")), jen.Nil()),
	)
}

func (e *emission) asOf(q *ir.Query) *jen.Statement {
	doc := fmt.Sprintf("answers with an earlier state of %s.", subject(q.Aggregate, &ir.Command{}))
	return e.handler(q, doc, jen.Op("*").Add(e.api(q.Aggregate.Name+"FoundHeaders")),
		jen.List(jen.Id("loaded"), jen.Err()).Op(":=").Add(httpxPkg("AsOf")).Call(ctx(), e.repository(q), jen.Id("params").Dot("ID"),
			jen.Id("params").Dot("Version"), jen.Id("params").Dot("At")),
		returnErr(),
		jen.Return(e.found(q, httpxPkg("ETag").Call(jen.Id("loaded").Dot("Version"))), jen.Nil()),
	)
}

func (e *emission) found(q *ir.Query, etag *jen.Statement) *jen.Statement {
	loaded := func(name string) *jen.Statement { return jen.Id("loaded").Dot(name) }
	view := jen.Id(viewFunc(q.Aggregate)).Call(loaded("ID"), loaded("Version"), loaded("State"))
	return jen.Op("&").Add(e.api(q.Aggregate.Name+"FoundHeaders")).Values(member("ETag", etag), member("Response", view))
}

func (e *emission) repository(q *ir.Query) *jen.Statement {
	return jen.Id("s").Dot("repos").Dot(plural(q.Aggregate))
}

// history emits:
//
//	page, err := httpx.History(ctx, s.repos.Jobs, params.ID, params.Limit, params.Cursor.Or(""), jobHistoryLimits, s.deps.Cursors)
//	if err != nil {
//		return nil, err
//	}
//	answer := &api.JobHistoryPage{Items: make([]api.RecordedEvent, len(page.Items))}
//	…
func (e *emission) history(q *ir.Query) *jen.Statement {
	bounds := httpxPkg("Limits").Values(member("Default", jen.Lit(int(q.PageSize))), member("Max", jen.Lit(int(q.PageMax))))
	body := []jen.Code{
		jen.List(jen.Id("page"), jen.Err()).Op(":=").Add(httpxPkg("History")).Call(ctx(), e.repository(q), jen.Id("params").Dot("ID"),
			jen.Id("params").Dot("Limit"), optionalText("Cursor"), bounds, jen.Id("s").Dot("deps").Dot("Cursors")),
		returnErr(),
	}
	body = append(body, e.pageAnswer(q, "RecordedEvent", "recordedEvent")...)
	return e.handler(q, fmt.Sprintf("answers with the events of %s, oldest first.", subject(q.Aggregate, &ir.Command{})), jen.Op("*").Add(e.api(q.Name+"Page")), body...)
}

// pageAnswer turns a page of the runtime into one of the API.
func (e *emission) pageAnswer(q *ir.Query, item, convert string) []jen.Code {
	return []jen.Code{
		jen.Id("answer").Op(":=").Op("&").Add(e.api(q.Name + "Page")).Values(member("Items", jen.Make(jen.Index().Add(e.api(item)), jen.Len(jen.Id("page").Dot("Items"))))),
		jen.For(jen.Id("i").Op(":=").Range().Id("page").Dot("Items")).Block(
			jen.Id("answer").Dot("Items").Index(jen.Id("i")).Op("=").Id(convert).Call(jen.Op("&").Id("page").Dot("Items").Index(jen.Id("i")))),
		jen.If(jen.Id("page").Dot("Next").Op("!=").Lit("")).Block(
			jen.Id("answer").Dot("NextCursor").Op("=").Add(e.api("NewOptString")).Call(jen.Id("page").Dot("Next"))),
		jen.Return(jen.Id("answer"), jen.Nil()),
	}
}

// list emits:
//
//	page, err := service.ReadPage(ctx, s.deps, listJobs, service.PageRequest{ … })
//	…
func (e *emission) list(q *ir.Query) *jen.Statement {
	request := []jen.Code{member("Scope", scope(q))}
	if len(q.Filters) > 0 {
		request = append(request, member("Where", jen.Id(filterFunc(q)).Call(jen.Op("&").Id("params"))))
	}
	if len(q.Sorts) > 0 {
		request = append(request, member("Sort", jen.String().Call(optionalText("Sort"))))
	}
	request = append(request, member("Limit", jen.Id("params").Dot("Limit")), member("Cursor", optionalText("Cursor")))
	if !q.Projection.Inline {
		request = append(request, member("Consistency", optionalText("OksaiConsistency")))
	}
	body := []jen.Code{
		jen.List(jen.Id("page"), jen.Err()).Op(":=").Add(servicePkg("ReadPage")).Call(ctx(), jen.Id("s").Dot("deps"), jen.Id(listVar(q)), servicePkg("PageRequest").Add(fields(request...))),
		returnErr(),
	}
	body = append(body, e.pageAnswer(q, openapi.RowName(q), rowFunc(q))...)
	return e.handler(q, fmt.Sprintf("answers with a page of %s.", q.Projection.Name), jen.Op("*").Add(e.api(q.Name+"Page")), body...)
}

// scope limits a query to the caller's tenant unless the spec says platform.
func scope(q *ir.Query) *jen.Statement {
	if q.Platform {
		return queryPkg("Platform").Call()
	}
	return queryPkg("Tenant").Call(httpxPkg("Tenant").Call(ctx()))
}

// await waits for the caller's own write, where the rows may lag behind.
func (e *emission) await(q *ir.Query) []jen.Code {
	if q.Projection.Inline {
		return nil
	}
	return []jen.Code{
		jen.If(jen.Err().Op(":=").Add(httpxPkg("Await")).Call(ctx(), jen.Id("s").Dot("deps").Dot("Waiter"), jen.Id(listVar(q)).Dot("From").Dot("Consumer"), optionalText("OksaiConsistency")),
			jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err())),
	}
}

func (e *emission) find(q *ir.Query) *jen.Statement {
	arguments := e.reading(q)
	for _, name := range q.By {
		arguments = append(arguments, e.condition(q, openapi.Filter{Column: q.Projection.Column(name), Op: "eq"}, jen.Id("params").Dot(naming.Go(name))))
	}
	body := append(e.await(q),
		jen.List(jen.Id("row"), jen.Err()).Op(":=").Id(listVar(q)).Dot("Find").Call(arguments...),
		returnErr(),
		jen.Id("answer").Op(":=").Id(rowFunc(q)).Call(jen.Op("&").Id("row")),
		jen.Return(jen.Op("&").Id("answer"), jen.Nil()),
	)
	return e.handler(q, fmt.Sprintf("answers with one row of %s.", q.Projection.Name), jen.Op("*").Add(e.api(openapi.RowName(q))), body...)
}

// reading is what every query over a projection is given.
func (e *emission) reading(q *ir.Query) []jen.Code {
	return []jen.Code{ctx(), jen.Id("s").Dot("deps").Dot("Query").Call(), scope(q)}
}

func (e *emission) aggregate(q *ir.Query) *jen.Statement {
	arguments := e.reading(q)
	if len(q.Filters) > 0 {
		arguments = append(arguments, jen.Id(filterFunc(q)).Call(jen.Op("&").Id("params")).Op("..."))
	}
	body := e.await(q)
	if len(q.GroupBy) == 0 {
		body = append(body,
			jen.List(jen.Id("measures"), jen.Err()).Op(":=").Id(listVar(q)).Dot("One").Call(arguments...),
			returnErr(),
			jen.Id("answer").Op(":=").Id(rowFunc(q)).Call(jen.Op("&").Id("measures")),
			jen.Return(jen.Op("&").Id("answer"), jen.Nil()))
	} else {
		body = append(body,
			jen.List(jen.Id("groups"), jen.Err()).Op(":=").Id(listVar(q)).Dot("Groups").Call(arguments...),
			returnErr(),
			jen.Id("answer").Op(":=").Op("&").Add(e.api(q.Name+"Result")).Values(member("Items", jen.Make(jen.Index().Add(e.api(q.Name+"Group")), jen.Len(jen.Id("groups"))))),
			jen.For(jen.Id("i").Op(":=").Range().Id("groups")).Block(
				jen.Id("answer").Dot("Items").Index(jen.Id("i")).Op("=").Id(rowFunc(q)).Call(jen.Op("&").Id("groups").Index(jen.Id("i")))),
			jen.Return(jen.Id("answer"), jen.Nil()))
	}
	return e.handler(q, fmt.Sprintf("answers with measures over %s.", q.Projection.Name), jen.Op("*").Add(e.api(q.Name+"Result")), body...)
}

func listVar(q *ir.Query) string    { return naming.Local(q.Name) }
func filterFunc(q *ir.Query) string { return naming.Local(q.Name) + "Filter" }
