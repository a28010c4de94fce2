package tenant_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/oksai/oksai/gen/tenant"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

func fold(events ...event.Data) *tenant.Tenant {
	state := new(tenant.Tenant)
	for _, e := range events {
		state.Apply(e)
	}
	return state
}

func TestATenantStartsActiveOnTheFreePlan(t *testing.T) {
	t.Parallel()
	want := tenant.Tenant{Name: "Acme", Slug: "acme", Status: tenant.TenantStatusActive, Plan: tenant.PlanFree, Settings: tenant.Settings{Locale: "en", TimeZone: "UTC"}}
	if got := fold(created); !reflect.DeepEqual(*got, want) {
		t.Errorf("state %+v, want %+v", *got, want)
	}
}

func TestActivationClearsTheReason(t *testing.T) {
	t.Parallel()
	if s := fold(created, suspended); s.SuspendedBecause == nil || *s.SuspendedBecause != "unpaid" || tenant.TenantMayAct(s) {
		t.Errorf("suspended tenant is %+v", *s)
	}
	if s := fold(created, suspended, activated); s.SuspendedBecause != nil || !tenant.TenantMayAct(s) {
		t.Errorf("activated tenant is %+v", *s)
	}
}

func TestATenantActsUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		given past
		acts  bool
	}{
		{"while it can be restored", past{created, leaving}, true},
		{"restored", past{created, leaving, restored}, true},
		{"suspended before, restored", past{created, suspended, leaving, restored}, false},
		{"deleted", gone, false},
		{"erased", append(gone, erased), false},
	} {
		if got := tenant.TenantMayAct(fold(c.given...)); got != c.acts {
			t.Errorf("%s: may act is %t, want %t", c.name, got, c.acts)
		}
	}
}

func TestADowngradeWaitsForItsTime(t *testing.T) {
	t.Parallel()
	if s := fold(created, pro, toFree); s.Plan != tenant.PlanPro || s.PendingPlan == nil {
		t.Errorf("tenant with a noted downgrade is %+v", *s)
	}
	if s := fold(created, pro, toFree, tenant.TenantPlanDowngraded{Plan: tenant.PlanFree}); s.Plan != tenant.PlanFree || s.PendingPlan != nil {
		t.Errorf("downgraded tenant is %+v", *s)
	}
}

func TestPlanLimits(t *testing.T) {
	t.Parallel()
	for plan, want := range map[tenant.Plan]struct{ users, storage, calls int64 }{
		tenant.PlanFree: {5, 1, 1_000}, tenant.PlanPro: {50, 50, 50_000}, tenant.PlanEnterprise: {-1, 500, -1},
	} {
		if got := (struct{ users, storage, calls int64 }{or(plan.MaxUsers()), plan.StorageGB(), or(plan.APICallsPerDay())}); got != want {
			t.Errorf("%s allows %+v, want %+v", plan, got, want)
		}
	}
}

// or is an optional limit, -1 where there is none.
func or(limit *int64) int64 {
	if limit == nil {
		return -1
	}
	return *limit
}

func TestNamesAndSlugs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, slug, wrong string }{
		{"  Ab  ", " ACME ", ""},
		{strings.Repeat("ж", 50), "a", ""},
		{"A", "acme", "/name"},
		{strings.Repeat("a", 51), "acme", "/name"},
		{"Acme", "-acme", "/slug"},
		{"Acme", "ac me", "/slug"},
		{"Acme", "", "/slug"},
	} {
		cmd := tenant.NewCreateTenant()
		cmd.Name, cmd.Slug = c.name, c.slug
		cmd.Normalize()
		var refused *problem.Error
		switch err := cmd.Validate(); {
		case c.wrong == "" && err != nil:
			t.Errorf("name %q, slug %q: %v", c.name, c.slug, err)
		case c.wrong != "" && (!errors.As(err, &refused) || refused.Fields[0].Pointer != c.wrong):
			t.Errorf("name %q, slug %q: got %v, want a mistake at %s", c.name, c.slug, err, c.wrong)
		}
	}
}
