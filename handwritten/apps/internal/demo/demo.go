// Package demo fills apps that run on engines of their own.
package demo

import (
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/service"
)

// ForUsers invites to make a job.
func ForUsers() *service.Demo {
	return &service.Demo{Tenant: tenant, Role: "TenantMember", Request: `/jobs -H 'Content-Type: application/json' -d '{"title": "Ship it"}'`}
}

// ForOperators invites to look at the tenants.
func ForOperators() *service.Demo {
	return &service.Demo{Tenant: tenant, Role: authn.PlatformRole, Request: "/tenants"}
}

// tenant opens the demo tenant. The key makes every start after the first get the
// same tenant back, from whichever app it is asked.
func tenant(api service.DemoAPI) (string, error) {
	var tenant struct {
		ID string `json:"id"`
	}
	err := api.Post("/tenants", "demo-tenant", map[string]string{"name": "Demo", "slug": "demo"}, &tenant)
	return tenant.ID, err
}
