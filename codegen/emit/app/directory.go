package app

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/naming"
)

// directory emits who knows the tenants and whether they may act, from the
// aggregate that platform.yaml calls the tenant:
//
//	type directory struct{ tenants *command.Repository[tenant.Tenant] }
//
//	func (d directory) Status(ctx context.Context, id uuid.UUID) (tenancy.Status, error) {
//		loaded, err := d.tenants.Load(ctx, id, id)
//		if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Code == "NOT_FOUND" {
//			return tenancy.Unknown, nil
//		}
//		…
//	}
func (c *composition) directory() *jen.File {
	a := c.platform.Tenancy.Aggregate
	tenants := naming.Local(a.Plural)
	f := c.file()
	f.Comment("directory knows the tenants and whether they may act.")
	f.Type().Id("directory").Struct(jen.Id(tenants).Op("*").Add(repository()).Index(domain(a.Module, a.Name)))
	f.Line()
	f.Comment("Status implements tenancy.Directory.")
	f.Func().Params(jen.Id("d").Id("directory")).Id("Status").Params(ctxParam(), jen.Id("id").Add(uuidUUID())).Params(tenancyPkg("Status"), jen.Error()).Block(
		jen.List(jen.Id("loaded"), jen.Err()).Op(":=").Id("d").Dot(tenants).Dot("Load").Call(jen.Id("ctx"), jen.Id("id"), jen.Id("id")),
		jen.If(
			jen.List(jen.Id("refused"), jen.Id("ok")).Op(":=").Add(errorsAsType()).Index(jen.Op("*").Add(problemError())).Call(jen.Err()),
			jen.Id("ok").Op("&&").Id("refused").Dot("Code").Op("==").Lit("NOT_FOUND"),
		).Block(jen.Return(tenancyPkg("Unknown"), jen.Nil())),
		jen.If(jen.Err().Op("!=").Nil()).Block(
			jen.Return(tenancyPkg("Unknown"), errorf().Call(jen.Lit("reading the status of tenant %s: %w"), jen.Id("id"), jen.Err()))),
		jen.If(domain(a.Module, a.Name+"MayAct").Call(jen.Id("loaded").Dot("State"))).Block(jen.Return(tenancyPkg("Active"), jen.Nil())),
		jen.Return(tenancyPkg("Suspended"), jen.Nil()),
	)
	return f
}
