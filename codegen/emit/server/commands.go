package server

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// commands emits the handlers of all commands that callers may give.
func (e *emission) commands() {
	var f *file
	for _, a := range e.Aggregates {
		for _, c := range openapi.Commands(a) {
			if f == nil {
				f = e.file("commands.go")
			}
			f.Add(e.command(a, c)).Line()
		}
	}
}

// command emits one handler:
//
//	// StartJob runs the command StartJob on a Job.
//	func (s *server) StartJob(ctx context.Context, params api.StartJobParams) (*api.JobChangedHeaders, error) {
//		decide, err := s.jobs.StartJob(ctx, httpx.Caller(ctx), job.StartJob{})
//		if err != nil {
//			return nil, err
//		}
//		out, err := httpx.Execute(ctx, s.repos.Jobs, httpx.Command[job.Job]{ … })
//		if err != nil {
//			return nil, err
//		}
//		return &api.JobChangedHeaders{ … }, nil
//	}
func (e *emission) command(a *ir.Aggregate, c *ir.Command) *jen.Statement {
	answer := e.api(a.Name + "ChangedHeaders")
	if c.Creates {
		answer = e.api(a.Name + "CreatedHeaders")
	}
	parameters := []jen.Code{ctxParam()}
	input := e.domain(c.Name).Values()
	if len(c.Input) > 0 {
		parameters = append(parameters, jen.Id("req").Op("*").Add(e.api(openapi.InputName(c.Name))))
		input = jen.Id(inputFunc(c)).Call(jen.Id("req"))
	}
	parameters = append(parameters, jen.Id("params").Add(e.api(c.Name+"Params")))
	var begin []jen.Code
	if c.Identified() {
		begin, input = []jen.Code{jen.Id("cmd").Op(":=").Add(input)}, jen.Id("cmd")
	}
	return comment(fmt.Sprintf("%s runs the command %s on %s.", c.Name, c.Name, subject(a, c)), c.Doc).
		Func().Params(jen.Id("s").Op("*").Id("server")).Id(c.Name).Params(parameters...).Params(jen.Op("*").Add(answer), jen.Error()).Block(append(begin,
		jen.List(jen.Id("decide"), jen.Err()).Op(":=").Id("s").Dot(naming.Local(a.Plural)).Dot(c.Name).Call(ctx(), httpxPkg("Caller").Call(ctx()), input),
		returnErr(),
		jen.List(jen.Id("out"), jen.Err()).Op(":=").Add(httpxPkg("Execute")).Call(ctx(), jen.Id("s").Dot("repos").Dot(plural(a)),
			httpxPkg("Command").Index(e.domain(a.Name)).Add(fields(e.request(c)...))),
		returnErr(),
		jen.Return(jen.Op("&").Add(answer.Clone()).Add(fields(e.answer(a, c)...)), jen.Nil()),
	)...)
}

func subject(a *ir.Aggregate, c *ir.Command) string {
	article := "a "
	if strings.ContainsAny(a.Name[:1], "AEIO") {
		article = "an "
	}
	if c.Creates {
		article += "new "
	}
	return strings.Replace(article, "an new", "a new", 1) + a.Name
}

// request is what the runtime needs to know of the HTTP request.
func (e *emission) request(c *ir.Command) []jen.Code {
	out := []jen.Code{member("Operation", jen.Lit(c.Name))}
	switch {
	case c.Identified() && c.IfAbsent:
		out = append(out, member("ID", e.streamID()), member("IfAbsent", jen.True()))
	case c.Identified():
		out = append(out, member("ID", e.streamID()), member("Creates", jen.True()))
	case c.Creates:
		out = append(out, member("Creates", jen.True()))
	default:
		out = append(out, member("ID", jen.Id("params").Dot("ID")), member("IfMatch", optionalText("IfMatch")))
	}
	if c.IfMatch {
		out = append(out, member("RequireIfMatch", jen.True()))
	}
	out = append(out, member("IdempotencyKey", optionalText("IdempotencyKey")))
	if len(c.Input) > 0 {
		out = append(out, member("Input", jen.Id("req")))
	}
	return append(out, member("Decide", jen.Id("decide")))
}

// streamID asks the command which aggregate it begins.
func (e *emission) streamID() *jen.Statement {
	return jen.Id("cmd").Dot("StreamID").Call(httpxPkg("Caller").Call(ctx()))
}

func (e *emission) answer(a *ir.Aggregate, c *ir.Command) []jen.Code {
	out := []jen.Code{member("ETag", httpxPkg("ETag").Call(jen.Id("out").Dot("Version")))}
	if c.Creates {
		out = append(out, member("Location", e.location(a)))
	}
	view := jen.Id(viewFunc(a)).Call(jen.Id("out").Dot("ID"), jen.Id("out").Dot("Version"), jen.Id("out").Dot("State"))
	return append(out,
		member("OksaiConsistency", httpxPkg("ConsistencyToken").Call(jen.Id("out").Dot("Position"))),
		member("Response", view))
}

// location is where a new object is found: its query's path, with the id in it.
func (e *emission) location(a *ir.Aggregate) *jen.Statement {
	path := "/" + a.Plural + "/{id}"
	for _, q := range e.Queries {
		if q.Kind == ir.Get && q.Aggregate == a {
			path = q.HTTP.Path
		}
	}
	before, after, _ := strings.Cut(path, "{id}")
	link := jen.Lit(before).Op("+").Id("out").Dot("ID").Dot("String").Call()
	if after != "" {
		link.Op("+").Lit(after)
	}
	return link
}

// optionalText is a header or query parameter, "" if it did not come.
func optionalText(name string) *jen.Statement {
	return jen.Id("params").Dot(name).Dot("Or").Call(jen.Lit(""))
}

func viewFunc(a *ir.Aggregate) string { return naming.Local(a.Name) + "View" }

func inputFunc(c *ir.Command) string { return naming.Local(c.Name) + "Command" }
