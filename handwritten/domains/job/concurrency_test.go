package job_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/gen/tenant"
	identityrules "github.com/oksai/oksai/handwritten/domains/identity"
	rules "github.com/oksai/oksai/handwritten/domains/job"
	tenantrules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/sql"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const clients = 64

// office is a tenant on the free plan, whose people use several processes.
type office struct {
	*platformtest.Platform
	tenant    uuid.UUID
	processes []*job.Jobs
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Platform: platformtest.Open(t, noon, sql.Tenant), tenant: uuid.New()}
	var tenants *tenant.Tenants
	for range 2 {
		repos := tenant.NewRepositories(o.Store, o.Clock())
		people := identity.NewRepositories(o.Store, identityrules.Rules{}, o.Clock())
		tenants = tenant.NewTenants(repos, tenantrules.Rules{})
		o.processes = append(o.processes, job.NewJobs(job.NewRepositories(o.Store, o.Clock()), rules.Rules{}, people, repos))
	}
	create := tenant.CreateTenant{Name: "Acme", Slug: "acme", Settings: tenant.NewSettings()}
	_, err := platformtest.Create(t.Context(), tenants.Repository(), o.tenant, o.tenant, tenants.CreateTenant, create)
	check(t, err)
	return o
}

func (o *office) create(t *testing.T, jobs *job.Jobs, priority job.Priority) (uuid.UUID, error) {
	cmd := job.NewCreateJob()
	cmd.Title, cmd.Priority = "Ship", priority
	id := uuid.New()
	_, err := platformtest.Create(t.Context(), jobs.Repository(), o.tenant, id, jobs.CreateJob, cmd)
	return id, err
}

// race lets the clients do something at once, and returns how many could; the
// others must have been refused for being too many.
func (o *office) race(t *testing.T, act func(client int, jobs *job.Jobs) error) (done int64) {
	t.Helper()
	outcomes := make([]error, clients)
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { outcomes[i] = act(i, o.processes[i%len(o.processes)]) })
	}
	all.Wait()
	for _, err := range outcomes {
		if err == nil {
			done++
		} else if refused, ok := errors.AsType[*problem.Error](err); !ok || refused.Code != "TOO_MANY_URGENT" {
			t.Errorf("got %v, want TOO_MANY_URGENT", err)
		}
	}
	return done
}

// urgent counts the open urgent jobs by what the log says.
func (o *office) urgent(t *testing.T) (n int64) {
	t.Helper()
	o.Settle(t)
	seen := map[uuid.UUID]bool{}
	for _, e := range o.Told {
		if e.Stream.Type != "Job" || seen[e.Stream.ID] {
			continue
		}
		seen[e.Stream.ID] = true
		loaded, err := o.processes[0].Repository().Load(t.Context(), o.tenant, e.Stream.ID)
		check(t, err)
		if s := loaded.State; s.Priority == job.PriorityUrgent && s.Status == job.JobStatusPending {
			n++
		}
	}
	return n
}

func (o *office) want(t *testing.T, done int64) {
	t.Helper()
	most := tenant.PlanFree.MaxUrgentJobs()
	if open := o.urgent(t); done != most || open != most {
		t.Errorf("%d clients could, and %d urgent jobs are open, want %d of each", done, open, most)
	}
}

func TestManyCreateUrgentJobs(t *testing.T) {
	o := newOffice(t)
	o.want(t, o.race(t, func(_ int, jobs *job.Jobs) error {
		_, err := o.create(t, jobs, job.PriorityUrgent)
		return err
	}))
}

func TestManyMakeJobsUrgent(t *testing.T) {
	o := newOffice(t)
	ids := make([]uuid.UUID, clients)
	for i := range ids {
		var err error
		ids[i], err = o.create(t, o.processes[0], job.PriorityLow)
		check(t, err)
	}
	o.want(t, o.race(t, func(i int, jobs *job.Jobs) error { return o.reprioritise(t, jobs, ids[i]) }))
}

func (o *office) reprioritise(t *testing.T, jobs *job.Jobs, id uuid.UUID) error {
	cmd := job.ReprioritiseJob{Priority: job.PriorityUrgent}
	_, err := platformtest.Do(t.Context(), jobs.Repository(), o.tenant, id, jobs.ReprioritiseJob, cmd)
	return err
}

func TestAJobThatIsCancelledMakesRoomForOne(t *testing.T) {
	o := newOffice(t)
	var ids []uuid.UUID
	for range tenant.PlanFree.MaxUrgentJobs() {
		id, err := o.create(t, o.processes[0], job.PriorityUrgent)
		check(t, err)
		ids = append(ids, id)
	}
	jobs := o.processes[1]
	_, err := platformtest.Do(t.Context(), jobs.Repository(), o.tenant, ids[0], jobs.CancelJob, job.CancelJob{Reason: "late"})
	check(t, err)
	done := o.race(t, func(_ int, jobs *job.Jobs) error {
		_, err := o.create(t, jobs, job.PriorityUrgent)
		return err
	})
	o.want(t, done+tenant.PlanFree.MaxUrgentJobs()-1)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A tenant that is not there shows who asks for its plan.
func TestOnlyUrgentJobsAskForThePlan(t *testing.T) {
	o := newOffice(t)
	o.tenant = uuid.New()
	_, err := o.create(t, o.processes[0], job.PriorityHigh)
	check(t, err)
	_, err = o.create(t, o.processes[0], job.PriorityUrgent)
	if refused, ok := errors.AsType[*problem.Error](err); !ok || refused.Code != "NOT_FOUND" {
		t.Errorf("an urgent job got %v, want NOT_FOUND of the tenant", err)
	}
}
