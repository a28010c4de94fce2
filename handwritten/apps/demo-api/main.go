// Command demo-api serves jobs and tenants, to try the platform with.
package main

import (
	"github.com/oksai/oksai/gen/apps/demoapi"
	"github.com/oksai/oksai/handwritten/apps/internal/demo"
	"github.com/oksai/oksai/handwritten/domains/identity"
	"github.com/oksai/oksai/handwritten/domains/job"
	"github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/service"
)

func main() { service.Main(newApp()) }

func newApp() service.App {
	app := demoapi.New(demoapi.Rules{Identity: identity.Rules{}, Job: job.Rules{}, Tenant: tenant.Rules{}})
	app.Demo = demo.ForUsers()
	return app
}
