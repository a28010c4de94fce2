package app

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// directory emits who knows the tenants, from the aggregate that platform.yaml
// calls the tenant:
//
//	type directory struct{ tenants *command.Repository[tenant.Tenant] }
//
//	func (d directory) Standing(ctx context.Context, id uuid.UUID) (tenancy.Standing, error) {
//		loaded, err := d.tenants.Load(ctx, id, id)
//		if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Code == "NOT_FOUND" {
//			return tenancy.Standing{Status: tenancy.Unknown}, nil
//		}
//		…
//		standing := tenancy.Standing{Status: tenancy.Suspended, CallsPerDay: tenant.TenantCallsPerDay(loaded.State)}
//		if tenant.TenantMayAct(loaded.State) {
//			standing.Status = tenancy.Active
//		}
//		return standing, nil
//	}
func (c *composition) directory() *jen.File {
	a := c.platform.Tenancy.Aggregate
	tenants := naming.Local(a.Plural)
	state := jen.Id("loaded").Dot("State")
	known := []jen.Code{member("Status", tenancyPkg("Suspended"))}
	bound := func(name string, value *ir.Expr) {
		if value != nil {
			known = append(known, member(name, domain(a.Module, a.Name+name).Call(state.Clone())))
		}
	}
	bound("CallsPerDay", c.platform.Tenancy.CallsPerDay)
	bound("StorageGB", c.platform.Tenancy.StorageGB)
	f := c.file()
	f.Comment("directory knows the tenants, whether they may act, how often, and how much they may store.")
	f.Type().Id("directory").Struct(jen.Id(tenants).Op("*").Add(repository()).Index(domain(a.Module, a.Name)))
	f.Line()
	f.Comment("Standing implements tenancy.Directory.")
	f.Func().Params(jen.Id("d").Id("directory")).Id("Standing").Params(ctxParam(), jen.Id("id").Add(uuidUUID())).Params(tenancyPkg("Standing"), jen.Error()).Block(
		jen.List(jen.Id("loaded"), jen.Err()).Op(":=").Id("d").Dot(tenants).Dot("Load").Call(jen.Id("ctx"), jen.Id("id"), jen.Id("id")),
		jen.If(
			jen.List(jen.Id("refused"), jen.Id("ok")).Op(":=").Add(errorsAsType()).Index(jen.Op("*").Add(problemError())).Call(jen.Err()),
			jen.Id("ok").Op("&&").Id("refused").Dot("Code").Op("==").Lit("NOT_FOUND"),
		).Block(jen.Return(tenancyPkg("Standing").Values(member("Status", tenancyPkg("Unknown"))), jen.Nil())),
		jen.If(jen.Err().Op("!=").Nil()).Block(
			jen.Return(tenancyPkg("Standing").Values(), errorf().Call(jen.Lit("reading the standing of tenant %s: %w"), jen.Id("id"), jen.Err()))),
		jen.Id("standing").Op(":=").Add(tenancyPkg("Standing")).Values(known...),
		jen.If(domain(a.Module, a.Name+"MayAct").Call(state)).Block(jen.Id("standing").Dot("Status").Op("=").Add(tenancyPkg("Active"))),
		jen.Return(jen.Id("standing"), jen.Nil()),
	)
	return f
}
