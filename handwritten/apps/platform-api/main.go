// Command platform-api serves the platform to its tenants' people.
package main

import (
	"github.com/oksai/oksai/gen/apps/platformapi"
	"github.com/oksai/oksai/handwritten/apps/internal/demo"
	"github.com/oksai/oksai/handwritten/domains/billing"
	"github.com/oksai/oksai/handwritten/domains/billing/work"
	"github.com/oksai/oksai/handwritten/domains/identity"
	"github.com/oksai/oksai/handwritten/domains/identity/access"
	"github.com/oksai/oksai/handwritten/domains/job"
	"github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/service"
)

func main() { service.Main(newApp()) }

func newApp() service.App {
	app := platformapi.New(platformapi.Rules{
		Billing: billing.Rules{}, BillingOperations: work.New, Identity: identity.Rules{}, IdentityOperations: access.New, Job: job.Rules{}, Tenant: tenant.Rules{},
	})
	app.Demo = demo.ForUsers()
	return app
}
