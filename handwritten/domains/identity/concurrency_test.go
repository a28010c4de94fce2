package identity_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/identity"
	tenantrules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/sql"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const clients = 64

// process is one of several that serve the module.
type process struct {
	users   *identity.Users
	members *identity.Members
	tenants *tenant.Tenants
}

func open(p *platformtest.Platform) process {
	tenants := tenant.NewRepositories(p.Store, p.Clock())
	repos := identity.NewRepositories(p.Store, rules.Rules{}, p.Clock())
	return process{identity.NewUsers(repos, rules.Rules{}), identity.NewMembers(repos, rules.Rules{}, tenants), tenant.NewTenants(tenants, tenantrules.Rules{})}
}

func (p process) register(t *testing.T, email string) (uuid.UUID, error) {
	id := uuid.New()
	_, err := platformtest.Create(t.Context(), p.users.Repository(), uuid.Nil, id, p.users.RegisterUser, identity.RegisterUser{Email: email})
	return id, err
}

func (p process) add(t *testing.T, user, to uuid.UUID) (command.Outcome[identity.Member], error) {
	request := command.Request[identity.Member]{ID: user, IfAbsent: true}
	return command.Do(t.Context(), p.members.Repository(), request, p.members.AddMember, command.Caller{Tenant: to}, identity.AddMember{User: user, Roles: []string{"TenantMember"}})
}

// all has every client do something at once, in two processes, and counts who succeeds.
func all(t *testing.T, p *platformtest.Platform, do func(i int, at process) error, refusal string) (winners int) {
	t.Helper()
	processes := []process{open(p), open(p)}
	outcomes := make([]error, clients)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() { outcomes[i] = do(i, processes[i%2]) })
	}
	group.Wait()
	for _, err := range outcomes {
		if err == nil {
			winners++
		} else if refused, ok := errors.AsType[*problem.Error](err); !ok || refused.Code != refusal {
			t.Errorf("got %v, want a refusal with code %s", err, refusal)
		}
	}
	return winners
}

func TestOneOfManyGetsAnAddress(t *testing.T) {
	p := platformtest.Open(t, noon, sql.Identity)
	winners := all(t, p, func(i int, at process) error {
		_, err := at.register(t, []string{"ann@example.com", " Ann@Example.com"}[i%2])
		return err
	}, "EMAIL_TAKEN")
	p.Settle(t)
	if winners != 1 || len(p.Told) != 1 {
		t.Errorf("%d clients got the address, and %d events were written, want 1 of each", winners, len(p.Told))
	}
}

// TestAPlansUsers: of 64 users who are added at once a free tenant takes five,
// and one for each that leaves.
func TestAPlansUsers(t *testing.T) {
	p := platformtest.Open(t, noon, sql.Identity, sql.Tenant)
	first, acme := open(p), uuid.New()
	_, err := platformtest.Create(t.Context(), first.tenants.Repository(), acme, acme, first.tenants.CreateTenant, tenant.CreateTenant{Name: "Acme", Slug: "acme", Settings: tenant.NewSettings()})
	check(t, err)
	users := make([]uuid.UUID, clients)
	for i := range users {
		users[i], err = first.register(t, uuid.NewString()+"@example.com")
		check(t, err)
	}
	added := make([]bool, clients)
	five := all(t, p, func(i int, at process) error {
		_, err := at.add(t, users[i], acme)
		added[i] = err == nil
		return err
	}, "TOO_MANY_USERS")
	if five != 5 {
		t.Errorf("a free tenant has %d users, want 5", five)
	}
	for i, user := range users {
		if added[i] {
			_, err := platformtest.Do(t.Context(), first.members.Repository(), acme, user, first.members.RemoveMember, identity.RemoveMember{})
			check(t, err)
			break
		}
	}
	if one := all(t, p, func(i int, at process) error { _, err := at.add(t, users[i], acme); return err }, "TOO_MANY_USERS"); one != 5 {
		t.Errorf("%d are members after one left and all were added again, want 5", one)
	}
}

// TestAddingOneUserManyTimes writes one event, and counts as one user.
func TestAddingOneUserManyTimes(t *testing.T) {
	p := platformtest.Open(t, noon, sql.Identity, sql.Tenant)
	first, acme := open(p), uuid.New()
	_, err := platformtest.Create(t.Context(), first.tenants.Repository(), acme, acme, first.tenants.CreateTenant, tenant.CreateTenant{Name: "Acme", Slug: "acme", Settings: tenant.NewSettings()})
	check(t, err)
	user, err := first.register(t, "ann@example.com")
	check(t, err)
	if n := all(t, p, func(_ int, at process) error { _, err := at.add(t, user, acme); return err }, "CONCURRENT_CHANGE"); n < 2 {
		t.Errorf("only %d clients were told that the user is a member", n)
	}
	p.Settle(t)
	if len(p.Told) != 3 {
		t.Errorf("%d events were written, want 3: of the tenant, the user and the member", len(p.Told))
	}
	for range 4 {
		other, err := first.register(t, uuid.NewString()+"@example.com")
		check(t, err)
		_, err = first.add(t, other, acme)
		check(t, err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
