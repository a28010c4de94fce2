package metering

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/billing"
	tenantrules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/sql"
)

// TestWithoutAnAppThatCountsJobsTheLogSaysSo: an app may have billing and not
// job; then others must run that do, or nothing is measured.
func TestWithoutAnAppThatCountsJobsTheLogSaysSo(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	p := platformtest.Open(t, now, sql.Tenant)
	tenants, repos := tenant.NewRepositories(p.Store, p.Clock()), billing.NewRepositories(p.Store, rules.Rules{}, p.Clock())
	id, subscription := uuid.New(), uuid.New()
	open := tenant.NewTenants(tenants, tenantrules.Rules{})
	_, err := platformtest.Create(t.Context(), open.Repository(), id, id, open.CreateTenant, tenant.CreateTenant{Name: "Acme", Slug: "acme", Settings: tenant.NewSettings()})
	check(t, err)
	subscribe := billing.NewSubscriptions(repos, rules.Rules{}, tenants)
	_, err = platformtest.Create(t.Context(), subscribe.Repository(), id, subscription, subscribe.StartSubscription, billing.StartSubscription{})
	check(t, err)

	nobody := projection.NewWaiter(projection.WaiterConfig{Reader: p.Store.Reader(), PartitionOf: func(uuid.UUID) int32 { return 0 }, Patience: time.Millisecond})
	ended := command.Loaded[billing.Subscription]{ID: subscription, Version: 1, State: &billing.Subscription{EndedDay: &now}}
	_, err = New(service.Deps{Store: p.Store, Waiter: nobody}, repos).SubscriptionUsage(t.Context(), command.Caller{Tenant: id}, ended)
	for _, word := range []string{"job.tenant_daily_job_stats", id.String(), "2026-01-31", "module job"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("an operator is not told of %s: %v", word, err)
		}
	}
	if refused, ok := errors.AsType[*problem.Error](err); !ok || refused.Status != 503 {
		t.Errorf("the timer would not come back: %v", err)
	}
}
