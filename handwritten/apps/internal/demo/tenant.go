// Package demo fills an app that runs on engines of its own.
package demo

import "github.com/oksai/oksai/handwritten/runtime/service"

// Tenant opens the tenant that development tokens belong to. The key makes every
// start after the first get the same tenant back, from whichever app it is asked.
func Tenant(api service.DemoAPI) (string, error) {
	var tenant struct {
		ID string `json:"id"`
	}
	err := api.Post("/tenants", "demo-tenant", map[string]string{"name": "Demo", "slug": "demo"}, &tenant)
	return tenant.ID, err
}
