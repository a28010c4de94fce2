// Package metering finds out what a tenant used on a day that has ended.
package metering

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/query"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
	"github.com/oksai/oksai/handwritten/runtime/usage"
)

// days are the read model that counts jobs.
var days = query.List[job.TenantDailyJobStatsRow]{
	Name:    "billing metering of jobs",
	From:    query.ClickHouse(job.TenantDailyJobStatsProjection.Table),
	Scan:    job.TenantDailyJobStatsProjection.Scan,
	Values:  job.TenantDailyJobStatsProjection.Values,
	Filters: map[string][]query.Op{"day": {query.Eq}},
	Default: []string{"day"},
}

// members are the people of a tenant, by the read model that each append keeps.
var members = query.List[struct{}]{
	Name: "billing metering of users",
	From: query.Postgres(query.Table{Name: "identity.members", SQL: "identity.members"}),
}

// Metering implements what billing asks for when a day has ended.
type Metering struct {
	deps          service.Deps
	subscriptions *command.Repository[billing.Subscription]
}

// New reads jobs from ClickHouse and API calls from PostgreSQL.
func New(deps service.Deps, repos *billing.Repositories) Metering {
	return Metering{deps, repos.Subscriptions}
}

// SubscriptionUsage waits until the read model has all of the day. Users and
// storage are what there is now, a little after its end; a gigabyte counts when it is full.
func (m Metering) SubscriptionUsage(ctx context.Context, caller command.Caller, at command.Loaded[billing.Subscription]) (billing.MeterDay, error) {
	if at.State.EndedDay == nil {
		return billing.MeterDay{}, fmt.Errorf("subscription %s has no day to measure", at.ID)
	}
	day := *at.State.EndedDay
	if err := m.await(ctx, caller.Tenant, at); err != nil {
		return billing.MeterDay{}, err
	}
	jobs, err := m.jobs(ctx, caller.Tenant, day)
	if err != nil {
		return billing.MeterDay{}, err
	}
	calls, err := usage.Calls(ctx, m.deps.Store, caller.Tenant, day)
	if err != nil {
		return billing.MeterDay{}, err
	}
	users, err := m.users(ctx, caller.Tenant)
	if err != nil {
		return billing.MeterDay{}, err
	}
	stored, err := usage.Stored(ctx, m.deps.Store, caller.Tenant)
	if err != nil {
		return billing.MeterDay{}, err
	}
	return billing.MeterDay{Day: day, Used: map[billing.Metric]int64{
		billing.MetricJobs: jobs, billing.MetricAPICalls: calls, billing.MetricUsers: users, billing.MetricStorageGB: stored / tenancy.GB,
	}}, nil
}

// await waits for the last event of the subscription, which is not older than the day's end.
func (m Metering) await(ctx context.Context, tenant uuid.UUID, at command.Loaded[billing.Subscription]) error {
	last, err := m.subscriptions.History(ctx, tenant, at.ID, at.Version, 1)
	if err != nil {
		return fmt.Errorf("read the end of the day of subscription %s: %w", at.ID, err)
	}
	if err := m.deps.Waiter.Wait(ctx, days.From.Consumer, tenant, last[0].Position); err != nil {
		return fmt.Errorf("%s does not have all jobs of tenant %s on %s yet, and the day stays open until then; some app with the module job must be running: %w",
			days.From.Consumer, tenant, at.State.EndedDay.Format(time.DateOnly), err)
	}
	return nil
}

func (m Metering) jobs(ctx context.Context, tenant uuid.UUID, day time.Time) (int64, error) {
	row, err := days.Find(ctx, m.deps.Query(), query.Tenant(tenant), query.Condition{Column: "day", Op: query.Eq, Value: day})
	if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Status == 404 {
		return 0, nil // a day without jobs has no row
	}
	if err != nil {
		return 0, fmt.Errorf("read the jobs of tenant %s on %s: %w", tenant, day.Format(time.DateOnly), err)
	}
	return row.Created, nil
}

func (m Metering) users(ctx context.Context, tenant uuid.UUID) (int64, error) {
	users, err := members.Count(ctx, m.deps.Query(), query.Tenant(tenant))
	if err != nil {
		return 0, fmt.Errorf("count the users of tenant %s: %w", tenant, err)
	}
	return users, nil
}
