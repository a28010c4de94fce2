package service

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// TestOperatorsAppRefusesTenants asks every operation through the verifier that
// an app's modules get, with the very tokens that the app issues.
func TestOperatorsAppRefusesTenants(t *testing.T) {
	t.Parallel()
	tenant := uuid.New()
	for name, c := range map[string]struct {
		operators bool
		tenant    uuid.UUID
		roles     []string
		op        httpx.Operation
		status    int
	}{
		"a tenant's owner":                 {true, tenant, []string{"TenantOwner"}, httpx.Operation{Name: "GetTenant", Roles: []string{"TenantOwner"}}, 403},
		"a tenant's owner, no role needed": {true, tenant, []string{"TenantOwner"}, httpx.Operation{Name: "GetTenant"}, 403},
		"a tenant's owner, for all":        {true, tenant, []string{"TenantOwner"}, httpx.Operation{Name: "GetTenant", Platform: true, AnyTenantStatus: true}, 403},
		"an operator":                      {true, uuid.Nil, []string{authn.PlatformRole}, httpx.Operation{Name: "ListTenants", Roles: []string{authn.PlatformRole}, Platform: true}, 0},
		"an app for users":                 {false, tenant, []string{"TenantOwner"}, httpx.Operation{Name: "GetTenant", Roles: []string{"TenantOwner"}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := Config{DataDir: t.TempDir()}
			trusted, err := config.trusted(utcNow)
			if err != nil {
				t.Fatal(err)
			}
			var trail []audit.Entry
			verifier := App{Operators: c.operators}.admit(trusted[0], func(_ context.Context, e audit.Entry) error {
				trail = append(trail, e)
				return nil
			})
			token, err := config.devToken("ann", c.tenant, c.roles, utcNow())
			if err != nil {
				t.Fatal(err)
			}
			_, err = httpx.Authorize(t.Context(), verifier, nil, token, c.op)
			if refused := new(problem.Error); errors.As(err, &refused) != (c.status != 0) || refused.Status != c.status {
				t.Errorf("the answer is %v, want status %d", err, c.status)
			}
			if noted := len(trail) == 1 && trail[0].Kind == audit.Forbidden && trail[0].Tenant == tenant && trail[0].User == "ann"; noted != (c.status != 0) {
				t.Errorf("the audit trail has %+v", trail)
			}
		})
	}
}
