// Command platform-admin serves the platform to its operators.
package main

import (
	"github.com/oksai/oksai/gen/apps/platformadmin"
	"github.com/oksai/oksai/handwritten/apps/internal/demo"
	"github.com/oksai/oksai/handwritten/domains/billing"
	"github.com/oksai/oksai/handwritten/domains/billing/work"
	"github.com/oksai/oksai/handwritten/domains/identity"
	"github.com/oksai/oksai/handwritten/domains/identity/access"
	"github.com/oksai/oksai/handwritten/domains/operators"
	"github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/service"
)

func main() { service.Main(newApp()) }

func newApp() service.App {
	app := platformadmin.New(platformadmin.Rules{
		Billing: billing.Rules{}, BillingOperations: work.New, Identity: identity.Rules{}, IdentityOperations: access.New,
		OperatorsOperations: operators.New, Tenant: tenant.Rules{},
	})
	app.Demo = demo.ForOperators()
	return app
}
