package tenant_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/sql"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const clients = 64

// TestOneOfManyGetsASlug: clients ask for the same slug at once, in two processes.
func TestOneOfManyGetsASlug(t *testing.T) {
	p := platformtest.Open(t, noon, sql.Tenant)
	processes := []*tenant.Tenants{open(p), open(p)}
	outcomes := make([]error, clients)
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { outcomes[i] = create(t, processes[i%2], uuid.New(), fmt.Sprintf("Client %d", i), "acme") })
	}
	all.Wait()
	winners := 0
	for _, err := range outcomes {
		if err == nil {
			winners++
		} else {
			wantRefused(t, err, "SLUG_TAKEN")
		}
	}
	p.Settle(t)
	if winners != 1 || len(p.Told) != 1 {
		t.Errorf("%d clients got the slug, and %d events were written, want 1 of each", winners, len(p.Told))
	}
}

func TestAnErasedTenantsSlugIsFree(t *testing.T) {
	p := platformtest.Open(t, noon, sql.Tenant)
	tenants, id := open(p), uuid.New()
	p.Follow(nil, tenant.Timers(tenants))
	check(t, create(t, tenants, id, "Acme", "acme"))
	_, err := platformtest.Do(t.Context(), tenants.Repository(), id, id, tenants.DeleteTenant, tenant.DeleteTenant{})
	check(t, err)
	p.Until(t, noon.AddDate(0, 0, 30))
	wantRefused(t, create(t, tenants, uuid.New(), "Other", "acme"), "SLUG_TAKEN")
	_, err = platformtest.Do(t.Context(), tenants.Repository(), id, id, tenants.EraseTenant, tenant.EraseTenant{})
	check(t, err)
	check(t, create(t, tenants, uuid.New(), "Other", "acme"))
}

func open(p *platformtest.Platform) *tenant.Tenants {
	return tenant.NewTenants(tenant.NewRepositories(p.Store, p.Clock()), rules.Rules{})
}

func create(t *testing.T, tenants *tenant.Tenants, id uuid.UUID, name, slug string) error {
	cmd := tenant.CreateTenant{Name: name, Slug: slug, Settings: tenant.NewSettings()}
	_, err := platformtest.Create(t.Context(), tenants.Repository(), id, id, tenants.CreateTenant, cmd)
	return err
}

func wantRefused(t *testing.T, err error, code string) {
	t.Helper()
	if refused, ok := errors.AsType[*problem.Error](err); !ok || refused.Code != code {
		t.Errorf("got %v, want a refusal with code %s", err, code)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
