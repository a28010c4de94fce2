package main

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// TestOperators shows what the platform's people do, on one platform for all of it.
func TestOperators(t *testing.T) {
	p := launch(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *platform)
	}{
		{"work for a tenant that they name", testNamedTenant},
		{"see and steer what follows the log", testConsumers},
		{"see what is stuck, and give it up", testDeadLetters},
		{"have what was stuck handled again", testReplay},
		{"read the log", testStreams},
		{"are not a tenant's people, who get nothing", testTenantsGetNothing},
		{"leave a trail", testAudit},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, p) })
	}
}

func testNamedTenant(t *testing.T, p *platform) {
	admin := p.as("PlatformAdmin", "platform-admin")
	other := admin.Must(t, 201, "POST", "/tenants", `{"name": "Other", "slug": "other"}`).Object(t).ID
	subscription := func(tenant string) (id string) {
		enginetest.Eventually(t, apptest.HealWithin, "the tenant's subscription", func() bool {
			found := listed[struct {
				ID string `json:"subscription_id"`
			}](t, admin, "/subscriptions", "X-Tenant-ID", tenant)
			for _, item := range found {
				id = item.ID
			}
			return len(found) == 1
		})
		return id
	}
	mine, theirs := subscription(p.Tenant), subscription(other)
	if mine == theirs {
		t.Errorf("two tenants have the subscription %s", mine)
	}
	admin.Must(t, 200, "GET", "/subscriptions/"+theirs, "", "X-Tenant-ID", other)
	admin.Must(t, 404, "GET", "/subscriptions/"+theirs, "", "X-Tenant-ID", p.Tenant)
	admin.Do(t, "GET", "/subscriptions/"+theirs, "", "X-Tenant-ID", uuid.NewString()).WantProblem(t, 404, "TENANT_UNKNOWN")
	admin.Do(t, "GET", "/subscriptions/"+theirs, "").WantProblem(t, 403, "TENANT_REQUIRED")

	// What an operator does is the tenant's, under the operator's name; also while the tenant may do nothing.
	admin.Must(t, 200, "POST", "/tenants/"+other+"/suspend", `{"reason": "test"}`)
	admin.Must(t, 200, "POST", "/subscriptions/"+theirs+"/cancel", "", "X-Tenant-ID", other)
	history := admin.Must(t, 200, "GET", "/subscriptions/"+theirs+"/history", "", "X-Tenant-ID", other)
	if !strings.Contains(history.Body, `"type":"billing.SubscriptionCancelled"`) || !strings.Contains(history.Body, `"by":"dev-platformadmin"`) {
		t.Errorf("the history is %s", history.Body)
	}

	// A tenant's own people choose nothing.
	owner := p.as("TenantOwner", "platform-api")
	owner.Must(t, 200, "GET", "/subscriptions/"+mine, "", "X-Tenant-ID", p.Tenant)
	owner.Do(t, "GET", "/subscriptions/"+theirs, "", "X-Tenant-ID", other).WantProblem(t, 403, "TENANT_MISMATCH")
	owner.Must(t, 404, "GET", "/subscriptions/"+theirs, "")
}
