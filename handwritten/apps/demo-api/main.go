// Command demo-api serves jobs and tenants, to try the platform with.
package main

import (
	"github.com/oksai/oksai/gen/apps/demoapi"
	jobrules "github.com/oksai/oksai/handwritten/domains/job"
	tenantrules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
)

func main() { service.Main(app()) }

func app() service.App {
	return service.App{
		Name: demoapi.Name, Platform: demoapi.Platform, Port: demoapi.Port,
		OpenAPI: demoapi.OpenAPI, Roles: demoapi.Roles, Schemas: demoapi.Schemas,
		Assemble: assemble, Demo: demo,
	}
}

// assemble plugs the handwritten rules into the generated modules.
func assemble(deps service.Deps, newGuard func(tenancy.Directory) httpx.Guard) ([]*service.Module, error) {
	repos := demoapi.NewRepositories(deps)
	deps.Guard = newGuard(demoapi.Directory(repos))
	return demoapi.Modules(deps, repos, demoapi.Rules{Job: jobrules.Rules{}, Tenant: tenantrules.Rules{}})
}

// demo opens the tenant that development tokens belong to. The key makes every
// start after the first get the same tenant back.
func demo(api service.DemoAPI) (string, error) {
	var tenant struct {
		ID string `json:"id"`
	}
	err := api.Post("/tenants", "demo-tenant", map[string]string{"name": "Demo", "slug": "demo"}, &tenant)
	return tenant.ID, err
}
