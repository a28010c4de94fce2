package app

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang"
	"github.com/oksai/oksai/codegen/emit/server"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// modules emits the assembly of all modules: repositories first, since modules
// look up facts in each other's, then the runners of commands, then the modules.
//
//	func (r Rules) assemble(deps service.Deps, given service.Secrets, newGuard func(tenancy.Directory) httpx.Guard) ([]*service.Module, error) {
//		jobRepos := job.NewRepositories(deps.Store, deps.Options()...)
//		tenantRepos := tenant.NewRepositories(deps.Store, deps.Options()...)
//		deps.Guard = newGuard(directory{tenantRepos.Tenants})
//		jobs := job.NewJobs(jobRepos, r.Job, tenantRepos)
//		…
//		jobModule, err := jobserver.New(deps, jobRepos, jobs)
//		if err != nil {
//			return nil, err
//		}
//		…
//		return []*service.Module{jobModule, tenantModule}, nil
//	}
func (c *composition) modules() *jen.File {
	f := c.file()
	body := c.repositories()
	if c.platform.Tenancy != nil {
		a := c.platform.Tenancy.Aggregate
		body = append(body, jen.Id("deps").Dot("Guard").Op("=").Id("newGuard").Call(jen.Id("directory").Values(jen.Id(repos(a.Module)).Dot(naming.Go(a.Plural)))))
	}
	body = append(body, c.runners()...)
	var made []jen.Code
	for _, m := range c.Modules {
		arguments := []jen.Code{jen.Id("deps"), jen.Id(repos(m.Name))}
		if golang.HasMaps(m) {
			arguments = append(arguments, jen.Id("r").Dot(naming.Go(m.Name)))
		}
		if m.HasHandwork() {
			body = append(body, c.operations(m)...)
			arguments = append(arguments, jen.Id(operationsVar(m)))
		}
		for _, a := range server.Runners(m) {
			arguments = append(arguments, jen.Id(c.runner(a)))
		}
		name := naming.Local(m.Name) + "Module"
		body = append(body, orReturn(jen.Id(name), serverNew(m.Name).Call(arguments...))...)
		made = append(made, jen.Id(name))
	}
	body = append(body, jen.Return(jen.Index().Op("*").Add(servicePkg("Module")).Values(made...), jen.Nil()))

	f.Comment("assemble makes the app's modules, sharing one set of repositories.")
	f.Func().Params(jen.Id("r").Id("Rules")).Id("assemble").
		Params(jen.Id("deps").Add(servicePkg("Deps")), jen.Id("given").Add(servicePkg("Secrets")), jen.Id("newGuard").Func().Params(tenancyPkg("Directory")).Add(httpxGuard())).
		Params(jen.Index().Op("*").Add(servicePkg("Module")), jen.Error()).Block(body...)
	return f
}

// operations makes what people wrote for a module:
//
//	identityOperations, err := r.IdentityOperations(deps, identity.Means{Repositories: identityRepos, Users: users, MailKey: given["MAIL_KEY"]})
func (c *composition) operations(m *ir.Module) []jen.Code {
	means := []jen.Code{member("Repositories", jen.Id(repos(m.Name)))}
	for _, a := range m.Aggregates {
		means = append(means, member(naming.Go(a.Plural), jen.Id(c.runner(a))))
	}
	for _, s := range m.Secrets {
		means = append(means, member(golang.SecretName(s), jen.Id("given").Index(jen.Lit(s.Name))))
	}
	return orReturn(jen.Id(operationsVar(m)), jen.Id("r").Dot(operationsField(m)).Call(jen.Id("deps"), domain(m.Name, "Means").Values(means...)))
}

// orReturn is `value, err := call`, and a return if that fails.
func orReturn(value, call jen.Code) []jen.Code {
	return []jen.Code{
		jen.List(value, jen.Err()).Op(":=").Add(call),
		jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err())),
	}
}

func operationsVar(m *ir.Module) string { return naming.Local(m.Name) + "Operations" }

func (c *composition) repositories() []jen.Code {
	var out []jen.Code
	for _, m := range c.needed {
		arguments := []jen.Code{jen.Id("deps").Dot("Store")}
		if golang.HasAppliers(m) {
			arguments = append(arguments, jen.Id("r").Dot(naming.Go(m.Name)))
		}
		arguments = append(arguments, jen.Id("deps").Dot("Options").Call().Op("..."))
		out = append(out, jen.Id(repos(m.Name)).Op(":=").Add(domain(m.Name, "NewRepositories")).Call(arguments...))
	}
	return out
}

// runners makes those that the app's modules use, each once.
func (c *composition) runners() []jen.Code {
	var out []jen.Code
	made := map[*ir.Aggregate]bool{}
	for _, m := range c.Modules {
		for _, a := range server.Runners(m) {
			if made[a] {
				continue
			}
			made[a] = true
			out = append(out, jen.Id(c.runner(a)).Op(":=").Add(domain(a.Module, "New"+naming.Go(a.Plural))).Call(c.runnerArguments(a)...))
		}
	}
	return out
}

func (c *composition) runnerArguments(a *ir.Aggregate) []jen.Code {
	out := []jen.Code{jen.Id(repos(a.Module))}
	if golang.HasRules(module(c.platform, a.Module)) {
		out = append(out, jen.Id("r").Dot(naming.Go(a.Module)))
	}
	for _, other := range golang.FactModules(a) {
		out = append(out, jen.Id(repos(other)))
	}
	return out
}

func repos(module string) string { return naming.Local(module) + "Repos" }

// runner is a variable; its module is part of the name where two have aggregates of one name.
func (c *composition) runner(a *ir.Aggregate) string {
	same := 0
	for _, m := range c.needed {
		for _, other := range m.Aggregates {
			if other.Plural == a.Plural {
				same++
			}
		}
	}
	if same > 1 {
		return naming.Local(a.Module + "_" + a.Plural)
	}
	return naming.Local(a.Plural)
}
