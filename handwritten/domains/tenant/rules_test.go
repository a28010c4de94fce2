package tenant_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/command/giventest"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

var (
	created    = tenant.TenantCreated{Name: "Acme", Slug: "acme", Settings: tenant.NewSettings()}
	suspended  = tenant.TenantSuspended{Reason: "unpaid"}
	activated  = tenant.TenantActivated{}
	pro        = tenant.TenantPlanUpgraded{Plan: tenant.PlanPro}
	enterprise = tenant.TenantPlanUpgraded{Plan: tenant.PlanEnterprise}
	toFree     = tenant.TenantPlanDowngradeRequested{PendingPlan: tenant.PlanFree}
	toPro      = tenant.TenantPlanDowngradeRequested{PendingPlan: tenant.PlanPro}
	leaving    = tenant.TenantDeletionRequested{DeleteAt: noon.AddDate(0, 0, 30)}
	restored   = tenant.TenantRestored{}
	deleted    = tenant.TenantDeleted{}
	erased     = tenant.TenantErased{}
	noon       = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	gone       = past{created, pro, leaving, deleted}
)

type (
	decision = func(*tenant.Tenant, time.Time) ([]event.Data, error)
	past     = []event.Data
)

func given(events past) giventest.Scenario[tenant.Tenant] {
	return giventest.Given(tenant.TenantAggregate(), events...).At(noon)
}

func when(decide decision) func(*tenant.Tenant, time.Time) (command.Decision[tenant.Tenant], error) {
	return func(state *tenant.Tenant, now time.Time) (command.Decision[tenant.Tenant], error) {
		events, err := decide(state, now)
		return command.Decision[tenant.Tenant]{Events: events}, err
	}
}

func changeTo(p tenant.Plan) decision {
	return func(state *tenant.Tenant, now time.Time) ([]event.Data, error) {
		return tenant.ChangePlan{Plan: p}.Decide(rules.Rules{}, state, now)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	french := tenant.Settings{Locale: "fr", TimeZone: "Europe/Paris"}
	for _, c := range []struct {
		name    string
		given   past
		when    decision
		then    past
		refused string
	}{
		{name: "an active tenant is suspended", given: past{created}, when: tenant.SuspendTenant{Reason: "unpaid"}.Decide, then: past{suspended}},
		{name: "a suspended tenant is activated", given: past{created, suspended}, when: tenant.ActivateTenant{}.Decide, then: past{activated}},

		{name: "a tenant is renamed", given: past{created}, when: tenant.RenameTenant{Name: "Emca"}.Decide, then: past{tenant.TenantRenamed{Name: "Emca"}}},
		{name: "settings change", given: past{created}, when: tenant.ChangeSettings{Settings: french}.Decide, then: past{tenant.TenantSettingsChanged{Settings: french}}},

		{name: "an upgrade takes effect at once", given: past{created}, when: changeTo(tenant.PlanPro), then: past{pro}},
		{name: "an upgrade may skip a plan", given: past{created}, when: changeTo(tenant.PlanEnterprise), then: past{enterprise}},
		{name: "a downgrade is noted", given: past{created, pro}, when: changeTo(tenant.PlanFree), then: past{toFree}},
		{name: "another downgrade replaces it", given: past{created, enterprise, toFree}, when: changeTo(tenant.PlanPro), then: past{toPro}},
		{name: "an upgrade is possible while a downgrade waits", given: past{created, pro, toFree}, when: changeTo(tenant.PlanEnterprise), then: past{enterprise}},
		{name: "the same plan is no change", given: past{created, pro}, when: changeTo(tenant.PlanPro)},
		{name: "the same plan leaves a waiting downgrade alone", given: past{created, pro, toFree}, when: changeTo(tenant.PlanPro)},
		{name: "a suspended tenant cannot upgrade", given: past{created, suspended}, when: changeTo(tenant.PlanPro), refused: "TENANT_SUSPENDED"},
		{name: "a suspended tenant cannot downgrade", given: past{created, pro, suspended}, when: changeTo(tenant.PlanFree), refused: "TENANT_SUSPENDED"},
		{name: "a tenant that acts again can", given: past{created, suspended, activated}, when: changeTo(tenant.PlanPro), then: past{pro}},

		{name: "a noted downgrade is carried out", given: past{created, pro, toFree}, when: tenant.ApplyDowngrade{}.Decide, then: past{tenant.TenantPlanDowngraded{Plan: tenant.PlanFree}}},
		{name: "there may be none to carry out", given: past{created, pro}, when: tenant.ApplyDowngrade{}.Decide},
		{name: "an upgrade drops the noted downgrade", given: past{created, pro, toFree, enterprise}, when: tenant.ApplyDowngrade{}.Decide},

		{name: "a tenant that does not pay is suspended", given: past{created}, when: tenant.FollowPayments{Unpaid: true}.Decide, then: past{suspended}},
		{name: "one that pays acts again", given: past{created, suspended}, when: tenant.FollowPayments{}.Decide, then: past{activated}},
		{name: "one that is suspended for something else does not", given: past{created, tenant.TenantSuspended{Reason: "spam"}}, when: tenant.FollowPayments{}.Decide},
		{name: "a reason that was given stays", given: past{created, tenant.TenantSuspended{Reason: "spam"}}, when: tenant.FollowPayments{Unpaid: true}.Decide},
		{name: "a deleted tenant's payments change nothing", given: gone, when: tenant.FollowPayments{Unpaid: true}.Decide},

		{name: "a tenant is deleted in 30 days", given: past{created}, when: tenant.DeleteTenant{}.Decide, then: past{leaving}},
		{name: "a suspended one, too", given: past{created, suspended}, when: tenant.DeleteTenant{}.Decide, then: past{leaving}},
		{name: "until then it can be restored", given: past{created, leaving}, when: tenant.RestoreTenant{}.Decide, then: past{restored}},
		{name: "until then it is renamed", given: past{created, leaving}, when: tenant.RenameTenant{Name: "Emca"}.Decide, then: past{tenant.TenantRenamed{Name: "Emca"}}},
		{name: "then it is deleted", given: past{created, leaving}, when: tenant.CompleteDeletion{}.Decide, then: past{deleted}},
		{name: "one that was restored is not", given: past{created, leaving, restored}, when: tenant.CompleteDeletion{}.Decide},
		{name: "a deleted tenant is not restored", given: gone, when: tenant.RestoreTenant{}.Decide, refused: "TENANT_DELETED"},
		{name: "a deleted tenant is not suspended", given: gone, when: tenant.SuspendTenant{Reason: "unpaid"}.Decide, refused: "TENANT_DELETED"},
		{name: "a deleted tenant is not activated", given: gone, when: tenant.ActivateTenant{}.Decide, refused: "TENANT_DELETED"},
		{name: "a deleted tenant is not renamed", given: gone, when: tenant.RenameTenant{Name: "Emca"}.Decide, refused: "TENANT_DELETED"},
		{name: "a deleted tenant's settings stay", given: gone, when: tenant.ChangeSettings{Settings: french}.Decide, refused: "TENANT_DELETED"},
		{name: "a deleted tenant's plan stays", given: gone, when: changeTo(tenant.PlanEnterprise), refused: "TENANT_DELETED"},
		{name: "not even a noted downgrade is carried out", given: past{created, pro, toFree, leaving, deleted}, when: tenant.ApplyDowngrade{}.Decide},

		{name: "a deleted tenant is erased", given: gone, when: tenant.EraseTenant{}.Decide, then: past{erased}},
		{name: "a tenant that can be restored is not", given: past{created, leaving}, when: tenant.EraseTenant{}.Decide, refused: "TENANT_NOT_DELETED"},
		{name: "a tenant that acts is not", given: past{created}, when: tenant.EraseTenant{}.Decide, refused: "TENANT_NOT_DELETED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result := given(c.given).When(when(c.when))
			if c.refused != "" {
				result.Refused(t, c.refused)
				return
			}
			result.Then(t, c.then...)
		})
	}
}

// TestTheSameCommandAgainWritesNothing holds for every command but the creating one.
func TestTheSameCommandAgainWritesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		given  past
		decide decision
	}{
		{"suspend", past{created}, tenant.SuspendTenant{Reason: "unpaid"}.Decide},
		{"activate", past{created, suspended}, tenant.ActivateTenant{}.Decide},
		{"rename", past{created}, tenant.RenameTenant{Name: "Emca"}.Decide},
		{"settings", past{created}, tenant.ChangeSettings{Settings: tenant.Settings{Locale: "fr"}}.Decide},
		{"upgrade", past{created}, changeTo(tenant.PlanPro)},
		{"downgrade", past{created, pro}, changeTo(tenant.PlanFree)},
		{"carry out a downgrade", past{created, pro, toFree}, tenant.ApplyDowngrade{}.Decide},
		{"follow a missing payment", past{created}, tenant.FollowPayments{Unpaid: true}.Decide},
		{"follow a payment", past{created, suspended}, tenant.FollowPayments{}.Decide},
		{"delete", past{created}, tenant.DeleteTenant{}.Decide},
		{"restore", past{created, leaving}, tenant.RestoreTenant{}.Decide},
		{"complete the deletion", past{created, leaving}, tenant.CompleteDeletion{}.Decide},
		{"erase", gone, tenant.EraseTenant{}.Decide},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var first past
			result := given(c.given).When(when(func(state *tenant.Tenant, now time.Time) (events []event.Data, err error) {
				first, err = c.decide(state, now)
				return first, err
			}))
			result.Then(t, first...)
			if len(first) == 0 {
				t.Fatal("the command wrote nothing the first time")
			}
			again := append(append(past{}, c.given...), first...)
			given(again).When(when(c.decide)).Unchanged(t)
		})
	}
}

// TestWhoOpensATenant tells who is its owner.
func TestWhoOpensATenant(t *testing.T) {
	t.Parallel()
	ann, bob := uuid.New(), uuid.New()
	user := command.Caller{Subject: ann.String(), User: &ann, Roles: []string{"User"}}
	machine := command.Caller{Subject: "api-key:1", Roles: []string{"TenantOwner"}}
	operator := command.Caller{Subject: ann.String(), User: &ann, Roles: []string{"PlatformAdmin"}}
	for name, c := range map[string]struct {
		caller      command.Caller
		names, owns *uuid.UUID
		refused     string
	}{
		"a user":                               {caller: user, owns: &ann},
		"a user who says so":                   {caller: user, names: &ann, owns: &ann},
		"a user for another":                   {caller: user, names: &bob, refused: "OWNER_IS_ANOTHER"},
		"a machine":                            {caller: machine, refused: "NOT_A_USER"},
		"a machine for a user":                 {caller: machine, names: &ann, refused: "NOT_A_USER"},
		"an operator":                          {caller: operator},
		"an operator for another":              {caller: operator, names: &bob, owns: &bob},
		"an operator of whom no user is known": {caller: command.Caller{Subject: "root", Roles: []string{"PlatformAdmin"}}, names: &bob, owns: &bob},
	} {
		s := given(nil)
		open := func(state *tenant.Tenant, now time.Time) ([]event.Data, error) {
			return tenant.CreateTenant{Name: "Acme", Slug: "acme", Settings: tenant.NewSettings(), Owner: c.names}.Decide(state, c.caller, now)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.refused != "" {
				s.When(when(open)).Refused(t, c.refused)
				return
			}
			owned := created
			owned.Owner = c.owns
			s.When(when(open)).Then(t, owned)
		})
	}
}
