package app

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
)

// surface emits what the proof of tenant isolation tries:
//
//	func Surface() isolation.Surface {
//		return isolation.Surface{
//			Opens: "CreateTenant",
//			Roles: []string{"TenantOwner", …},
//			Operations: []isolation.Operation{
//				{Name: "CreateJob", Method: "POST", Path: "/jobs", Body: `{"title":"{canary}"}`, Creates: "job.Job", Roles: …},
//				…
//			},
//		}
//	}
func (c *composition) surface() *jen.File {
	f := c.file()
	var operations []jen.Code
	for _, m := range c.Modules {
		operations = append(operations, c.operationsOf(m)...)
	}
	f.Comment("Surface is all that can be called, for the proof that no tenant reaches what is another's.")
	f.Func().Id("Surface").Params().Add(isolationPkg("Surface")).Block(jen.Return(isolationPkg("Surface").Add(fields(
		member("Opens", jen.Lit(c.opens())),
		member("Roles", texts(c.platform.Roles)),
		member("Operations", jen.Index().Add(isolationPkg("Operation")).Add(fields(operations...))),
	))))
	return f
}

// opens is the command that opens a tenant; empty where there are none.
func (c *composition) opens() string {
	if c.platform.Tenancy == nil {
		return ""
	}
	for _, command := range c.platform.Tenancy.Aggregate.Commands {
		if command.Creates && len(command.Allow) > 0 {
			return command.Name
		}
	}
	return ""
}

func (c *composition) operationsOf(m *ir.Module) []jen.Code {
	var out []jen.Code
	document := openapi.Module(m)
	add := func(name string, route ir.Route, more ...jen.Code) {
		members := append([]jen.Code{member("Name", jen.Lit(name))}, c.sampled(document, document.Operation(name), route)...)
		out = append(out, jen.Values(append(members, more...)...))
	}
	for _, a := range m.Aggregates {
		for _, command := range openapi.Commands(a) {
			terms := access(command.Allow, a.Scope != ir.ScopeTenant)
			if command.Creates {
				terms = append(terms, member("Creates", jen.Lit(a.Module+"."+a.Stored())))
			}
			add(command.Name, command.HTTP, terms...)
		}
	}
	for _, q := range m.Queries {
		add(q.Name, q.HTTP, access(openapi.Roles(q), q.Platform || q.Aggregate != nil && q.Aggregate.Scope != ir.ScopeTenant)...)
	}
	for _, o := range m.Operations {
		terms := access(o.Allow, o.Platform)
		if o.Public {
			terms = append(terms, member("Public", jen.True()))
		}
		add(o.Name, o.HTTP, terms...)
	}
	return out
}

// access says who may call an operation. What no tenant is around is the platform's.
func access(roles []string, platform bool) (out []jen.Code) {
	if len(roles) > 0 {
		out = append(out, member("Roles", texts(roles)))
	}
	if platform {
		out = append(out, member("Platform", jen.True()))
	}
	return out
}

// sampled is a request with words for its values.
func (c *composition) sampled(document *openapi.Document, op *openapi.Operation, route ir.Route) []jen.Code {
	path, query := route.Path, []jen.Code{}
	for _, p := range op.Parameters {
		value := c.stored(strings.Trim(document.Sample(p.Schema), `"[]`))
		switch {
		case p.In == "path":
			path = strings.Replace(path, "{"+p.Name+"}", value, 1)
		case p.In == "query" && p.Required:
			query = append(query, jen.Values(member("Name", jen.Lit(p.Name)), member("Value", jen.Lit(value)), member("Required", jen.True())))
		case p.In == "query":
			query = append(query, jen.Values(member("Name", jen.Lit(p.Name)), member("Value", jen.Lit(value))))
		}
	}
	out := []jen.Code{member("Method", jen.Lit(route.Method)), member("Path", jen.Lit(path))}
	if len(query) > 0 {
		out = append(out, member("Query", jen.Index().Add(isolationPkg("Param")).Values(query...)))
	}
	if body := document.SampleBody(op); body != "" {
		out = append(out, member("Body", raw(c.stored(body))))
	}
	return out
}

// raw prints JSON so that people can read it.
func raw(text string) *jen.Statement {
	if strings.Contains(text, "`") {
		return jen.Lit(text)
	}
	return jen.Op("`" + text + "`")
}

// stored names the aggregates of ids as their streams do.
func (c *composition) stored(sample string) string {
	for _, m := range c.platform.Modules {
		for _, a := range m.Aggregates {
			sample = strings.ReplaceAll(sample, openapi.IDWord(a.Module+"."+a.Name), openapi.IDWord(a.Module+"."+a.Stored()))
		}
	}
	return sample
}
