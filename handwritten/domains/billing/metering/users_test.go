package metering

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/gen/tenant"
	identityrules "github.com/oksai/oksai/handwritten/domains/identity"
	tenantrules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/sql"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func TestUsersAreTheTenantsOwn(t *testing.T) {
	p := platformtest.Open(t, time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), sql.Identity, sql.Tenant)
	tenants, repos := tenant.NewRepositories(p.Store), identity.NewRepositories(p.Store, identityrules.Rules{})
	users, members := identity.NewUsers(repos, identityrules.Rules{}), identity.NewMembers(repos, identityrules.Rules{}, tenants)
	var ids []uuid.UUID
	for i := range 3 {
		id := uuid.New()
		_, err := platformtest.Create(t.Context(), users.Repository(), uuid.Nil, id, users.RegisterUser, identity.RegisterUser{Email: fmt.Sprintf("user%d@example.com", i)})
		check(t, err)
		ids = append(ids, id)
	}
	acme, other := uuid.New(), uuid.New()
	for i, id := range []uuid.UUID{acme, other} {
		prepare := tenant.NewTenants(tenants, tenantrules.Rules{})
		slug := fmt.Sprintf("tenant-%d", i)
		_, err := platformtest.Create(t.Context(), prepare.Repository(), id, id, prepare.CreateTenant, tenant.CreateTenant{Name: "Acme", Slug: slug, Settings: tenant.NewSettings()})
		check(t, err)
	}
	join := func(to, user uuid.UUID) {
		request := command.Request[identity.Member]{ID: user, IfAbsent: true}
		_, err := command.Do(t.Context(), members.Repository(), request, members.AddMember, command.Caller{Tenant: to}, identity.AddMember{User: user, Roles: []string{"TenantMember"}})
		check(t, err)
	}
	for _, id := range ids {
		join(acme, id)
	}
	join(other, ids[0])
	_, err := platformtest.Do(t.Context(), members.Repository(), acme, ids[2], members.RemoveMember, identity.RemoveMember{})
	check(t, err)

	m := New(service.Deps{Store: p.Store}, &billing.Repositories{})
	for id, want := range map[uuid.UUID]int64{acme: 2, other: 1, uuid.New(): 0} {
		if got, err := m.users(t.Context(), id); err != nil || got != want {
			t.Errorf("%d users, %v; want %d", got, err, want)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
