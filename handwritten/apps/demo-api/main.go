// Command demo-api serves jobs and tenants, to try the platform with.
package main

import (
	"github.com/oksai/oksai/gen/apps/demoapi"
	"github.com/oksai/oksai/handwritten/domains/job"
	"github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/service"
)

func main() {
	app := demoapi.New(demoapi.Rules{Job: job.Rules{}, Tenant: tenant.Rules{}})
	app.Demo = demo
	service.Main(app)
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
