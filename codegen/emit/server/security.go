package server

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
)

// security emits who may call what, and how errors are answered.
func (e *emission) security() {
	f := e.file("security.go")
	f.Comment("operations says who may call what, and in which terms.")
	f.Var().Id("operations").Op("=").Map(e.api("OperationName")).Add(httpxPkg("Operation")).Add(fields(e.operations()...))
	f.Line()
	f.Add(e.forms())
	f.Line()
	f.Comment("security relies on the admission in front of all modules.")
	f.Type().Id("security").Struct()
	f.Line()
	f.Comment("HandleBearerAuth implements api.SecurityHandler.")
	f.Func().Params(jen.Id("security")).Id("HandleBearerAuth").
		Params(ctxParam(), jen.Id("_").Add(e.api("OperationName")), jen.Id("_").Add(e.api("BearerAuth"))).
		Params(jen.Qual("context", "Context"), jen.Error()).Block(
		jen.Return(httpxPkg("Admitted").Call(ctx())))
	f.Line()
	f.Add(e.newError())
}

// operations lists commands, then queries, in the spec's order.
func (e *emission) operations() []jen.Code {
	var out []jen.Code
	for _, a := range e.Aggregates {
		for _, c := range openapi.Commands(a) {
			out = append(out, e.operation(c.Name, c.Allow, a.Scope != ir.ScopeTenant, e.commandTerms(a, c)...))
		}
	}
	for _, q := range e.Queries {
		out = append(out, e.operation(q.Name, openapi.Roles(q), openapi.Platform(q), e.queryTerms(q)...))
	}
	for _, o := range e.Operations {
		out = append(out, e.declaredTerms(o))
	}
	return out
}

// commandTerms: what begins something in a tenant needs room there.
func (e *emission) commandTerms(a *ir.Aggregate, c *ir.Command) []jen.Code {
	if a.Scope == ir.ScopeTenant && c.Creates {
		return []jen.Code{member("Stores", jen.True())}
	}
	return nil
}

// queryTerms: the people of a suspended tenant may still read what became of it,
// and nothing else.
func (e *emission) queryTerms(q *ir.Query) []jen.Code {
	if q.Aggregate != nil && e.platform.Tenancy != nil && e.platform.Tenancy.Aggregate == q.Aggregate {
		return []jen.Code{member("AnyTenantStatus", jen.True())}
	}
	return nil
}

// operation is one entry. Platform operations need no tenant in the token: what
// they concern is not inside one.
func (e *emission) operation(name string, roles []string, platform bool, terms ...jen.Code) *jen.Statement {
	members := []jen.Code{member("Name", jen.Lit(name))}
	if len(roles) > 0 {
		members = append(members, member("Roles", texts(roles)))
	}
	if platform {
		members = append(members, member("Platform", jen.True()))
	}
	return e.api(name + "Operation").Op(":").Values(slices.Concat(members, terms, e.terms(name))...)
}

// terms are the parameters and the body that the API description gives an operation.
func (e *emission) terms(name string) []jen.Code {
	var out []jen.Code
	described := e.document.Operation(name)
	query, lists := described.Query()
	if len(query) > 0 {
		out = append(out, member("Query", texts(query)))
	}
	if len(lists) > 0 {
		out = append(out, member("Lists", texts(lists)))
	}
	if body := described.Body(); body != "" {
		out = append(out, member("Body", jen.Lit(body)))
	}
	return out
}

// forms emits the fields that bodies may have.
func (e *emission) forms() *jen.Statement {
	forms := jen.Dict{} // sorted by jennifer
	for name, fields := range e.document.Forms() {
		form := jen.Dict{}
		for field, inner := range fields {
			form[jen.Lit(field)] = jen.Lit(inner)
		}
		forms[jen.Lit(name)] = jen.Values(form)
	}
	return jen.Comment("forms are what the bodies of the operations are made of.").Line().
		Var().Id("forms").Op("=").Add(httpxPkg("Forms")).Values(forms)
}

// newError emits the one place where errors become answers.
func (e *emission) newError() *jen.Statement {
	p := func(name string) *jen.Statement { return jen.Id("p").Dot(name) }
	return jen.Comment("NewError implements api.Handler: it answers with an error as a problem.").Line().
		Func().Params(jen.Id("s").Op("*").Id("server")).Id("NewError").Params(ctxParam(), jen.Err().Error()).Op("*").Add(e.api("ProblemStatusCode")).Block(
		jen.Id("p").Op(":=").Add(httpxPkg("ProblemOf")).Call(ctx(), jen.Err()),
		jen.Id("answer").Op(":=").Add(e.api("Problem")).Add(fields(
			member("Type", p("Type")), member("Title", p("Title")), member("Status", jen.Int32().Call(p("Status"))),
			member("Code", p("Code")), member("Detail", p("Detail")), member("Instance", p("Instance")), member("TraceID", p("TraceID")),
			member("Errors", jen.Make(jen.Index().Add(e.api("FieldError")), jen.Len(p("Errors")))),
		)),
		jen.For(jen.List(jen.Id("i"), jen.Id("f")).Op(":=").Range().Add(p("Errors"))).Block(
			jen.Id("answer").Dot("Errors").Index(jen.Id("i")).Op("=").Add(e.api("FieldError")).Call(jen.Id("f"))),
		jen.Return(jen.Op("&").Add(e.api("ProblemStatusCode")).Values(member("StatusCode", p("Status")), member("Response", jen.Id("answer")))),
	)
}
