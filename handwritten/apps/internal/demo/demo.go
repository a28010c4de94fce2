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

// tenant opens the demo tenant, on the plan that does not bound its calls. The
// keys make every start after the first get the same tenant back, from whichever
// app it is asked.
func tenant(api service.DemoAPI) (string, error) {
	var tenant struct {
		ID string `json:"id"`
	}
	if err := api.Post("/tenants", "demo-tenant", map[string]string{"name": "Demo", "slug": "demo"}, &tenant); err != nil {
		return "", err
	}
	err := api.Post("/tenants/"+tenant.ID+"/change-plan", "demo-plan", map[string]string{"plan": "enterprise"}, &tenant)
	return tenant.ID, err
}
