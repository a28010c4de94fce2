package main

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/gen/tenant"
	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	identityrules "github.com/oksai/oksai/handwritten/domains/identity"
	jobrules "github.com/oksai/oksai/handwritten/domains/job"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// office is another program on the servers' event store, with the module's
// commands and its dead letters.
type office struct {
	store   *eventstore.Store
	jobs    *job.Jobs
	letters *reaction.DeadLetters
}

func openOffice(t *testing.T, at place) office {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: at.database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	outboxtest.Go(t, store.Run)
	jobs := job.NewJobs(job.NewRepositories(store), jobrules.Rules{}, identity.NewRepositories(store, identityrules.Rules{}), tenant.NewRepositories(store))
	return office{store, jobs, reaction.NewDeadLetters(store, time.Now)}
}

// awaitParked waits for so many parked events of each code.
func (o office) awaitParked(t *testing.T, want map[string]int64) {
	t.Helper()
	got := map[string]int64{}
	defer func() {
		if t.Failed() {
			t.Logf("dead letters: %v, want %v", got, want)
		}
	}()
	enginetest.Eventually(t, apptest.HealWithin, "the dead letters", func() bool {
		groups, err := o.letters.Groups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		clear(got)
		for _, g := range groups {
			got[g.Code] += g.Count
		}
		return maps.Equal(got, want)
	})
}

// replay has the server handle dead letters again, and returns how many streams
// it handled and how many are parked still.
func (o office) replay(t *testing.T, f reaction.Filter) (handled, left int) {
	t.Helper()
	wished, err := o.letters.Replay(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Eventually(t, apptest.HealWithin, "the server has replayed the dead letters", func() bool {
		parked, err := o.letters.Parked(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		left = len(parked)
		return !slices.ContainsFunc(parked, func(s reaction.ParkedStream) bool { return s.Wanted > 0 })
	})
	return len(wished) - left, left
}

// hire makes people members of a tenant, as an app with the module identity does.
func (o office) hire(t *testing.T, tenant string, users ...string) {
	t.Helper()
	for _, user := range users {
		id := uuid.MustParse(user)
		_, err := o.store.Append(t.Context(), eventstore.Append{
			Stream: event.Stream{Module: "identity", Type: "Member", Tenant: uuid.MustParse(tenant), ID: id},
			Events: []event.Data{identity.UserAddedToTenant{User: id, Email: user + "@example.com", Roles: []string{"TenantMember"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// create makes a job with an id that a partner knew before us.
func (o office) create(t *testing.T, tenant, id uuid.UUID) {
	t.Helper()
	decide, err := o.jobs.CreateJob(t.Context(), command.Caller{Tenant: tenant, Subject: "office"}, job.CreateJob{Title: "early", Priority: job.PriorityNormal})
	if err == nil {
		_, err = o.jobs.Repository().Execute(t.Context(), command.Request[job.Job]{Tenant: tenant, ID: id, Creates: true, Decide: decide})
	}
	if err != nil {
		t.Fatal(err)
	}
}
