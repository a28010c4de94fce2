package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestOperators shows what the platform's people do, on one platform for all of it.
func TestOperators(t *testing.T) {
	p := launch(t)
	eventually(t, readyWithin, "all read models are built", func() bool {
		return !slices.ContainsFunc(p.consumers(t), func(c consumer) bool { return c.Kind == "projection" && c.Status != "built" })
	})
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
	other := decode[object](t, admin.must(t, 201, "POST", "/tenants", `{"name": "Other", "slug": "other"}`)).ID
	subscription := func(tenant string) (id string) {
		eventually(t, healWithin, "the tenant's subscription", func() bool {
			found := decode[struct {
				Items []struct {
					ID string `json:"subscription_id"`
				} `json:"items"`
			}](t, admin.must(t, 200, "GET", "/subscriptions", "", "X-Tenant-ID", tenant))
			for _, item := range found.Items {
				id = item.ID
			}
			return len(found.Items) == 1
		})
		return id
	}
	mine, theirs := subscription(p.Tenant), subscription(other)
	if mine == theirs {
		t.Errorf("two tenants have the subscription %s", mine)
	}
	admin.must(t, 200, "GET", "/subscriptions/"+theirs, "", "X-Tenant-ID", other)
	admin.must(t, 404, "GET", "/subscriptions/"+theirs, "", "X-Tenant-ID", p.Tenant)
	wantProblem(t, admin.do(t, "GET", "/subscriptions/"+theirs, "", "X-Tenant-ID", uuid.NewString()), 404, "TENANT_UNKNOWN")
	wantProblem(t, admin.do(t, "GET", "/subscriptions/"+theirs, ""), 403, "TENANT_REQUIRED")

	// What an operator does is the tenant's, under the operator's name; also while the tenant may do nothing.
	admin.must(t, 200, "POST", "/tenants/"+other+"/suspend", `{"reason": "test"}`)
	admin.must(t, 200, "POST", "/subscriptions/"+theirs+"/cancel", "", "X-Tenant-ID", other)
	history := admin.must(t, 200, "GET", "/subscriptions/"+theirs+"/history", "", "X-Tenant-ID", other)
	if !strings.Contains(history.body, `"type":"billing.SubscriptionCancelled"`) || !strings.Contains(history.body, `"by":"dev-platformadmin"`) {
		t.Errorf("the history is %s", history.body)
	}

	// A tenant's own people choose nothing.
	owner := p.as("TenantOwner", "platform-api")
	owner.must(t, 200, "GET", "/subscriptions/"+mine, "", "X-Tenant-ID", p.Tenant)
	wantProblem(t, owner.do(t, "GET", "/subscriptions/"+theirs, "", "X-Tenant-ID", other), 403, "TENANT_MISMATCH")
	owner.must(t, 404, "GET", "/subscriptions/"+theirs, "")
}

type object struct {
	ID string `json:"id"`
}

func wantProblem(t *testing.T, a answer, status int, code string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, fmt.Sprintf(`"code":%q`, code)) {
		t.Errorf("the answer is %d %s, want %d %s", a.status, a.body, status, code)
	}
}
