package main

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
)

// TestReplicas: two processes on the same engines are one service.
func TestReplicas(t *testing.T) {
	a, b := twoReplicas(t)
	t.Run("a write through one is read through the other", func(t *testing.T) { readThroughTheOther(t, a, b) })
	t.Run("a key sent to both has one effect", func(t *testing.T) { oneKeyForBoth(t, a, b) })
	t.Run("a tenant suspended at one is stopped at the other", func(t *testing.T) { suspendedEverywhere(t, a, b) })
	a.stop(t)
	b.stop(t)
}

// twoReplicas start at once on empty engines, and share the work when they are returned.
func twoReplicas(t *testing.T) (a, b *server) {
	t.Helper()
	at := sharedEngines(t)
	a, b = start(t, at, "serve"), start(t, at, "serve")
	a.await(t)
	b.await(t)
	awaitSharing(t, at)
	return a, b
}

// awaitSharing waits until each consumer group has given half of the partitions to each replica.
func awaitSharing(t *testing.T, at place) {
	t.Helper()
	groups := openGroups(t, at)
	half := at.bus.PartitionCount() / 2
	var states map[string]string
	defer func() {
		if t.Failed() {
			t.Logf("consumer groups: %v", states)
		}
	}()
	enginetest.Eventually(t, apptest.HealWithin, "the replicas share the partitions", func() bool {
		var err error
		if states, err = groups.state(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, state := range states {
			if state != fmt.Sprint("Stable", []int32{half, half}) {
				return false
			}
		}
		return len(states) > 0
	})
}

// membersInAllPartitions opens tenants until each partition of the log has one,
// and returns a member of each.
func membersInAllPartitions(t *testing.T, s *server) []apptest.Caller {
	t.Helper()
	members := make([]apptest.Caller, s.bus.PartitionCount())
	for missing, n := len(members), 0; missing > 0; n++ {
		tenant, member := s.tenant(t, fmt.Sprint("partition-", n))
		if at := s.bus.PartitionOf(uuid.MustParse(tenant)); members[at].Base == "" {
			members[at] = member
			missing--
		}
	}
	return members
}

func readThroughTheOther(t *testing.T, a, b *server) {
	for _, member := range membersInAllPartitions(t, a) {
		for i, way := range [][2]apptest.Caller{{member, member.Via(b.admin.Base)}, {member.Via(b.admin.Base), member}} {
			created := way[0].Must(t, 201, "POST", "/jobs", `{"title": "x"}`)
			path := "/jobs/" + created.Object(t).ID
			if got := way[1].Must(t, 200, "GET", path, "").Object(t); got.Version != 1 {
				t.Errorf("the other replica says %+v, want version 1", got)
			}
			started := way[1].Must(t, 200, "POST", path+"/start", "", "If-Match", `"1"`)
			if rows := apptest.List[jobRow](t, way[0], "/jobs?status=in_progress", started.Seen()); len(rows) != i+1 {
				t.Errorf("jobs in progress %+v, want %d", rows, i+1)
			}
		}
	}
}

func oneKeyForBoth(t *testing.T, a, b *server) {
	_, member := a.tenant(t, "one-key")
	const keys = 20
	for n := range keys {
		var both sync.WaitGroup
		var answers [2]apptest.Answer
		for i, c := range []apptest.Caller{member, member.Via(b.admin.Base)} {
			both.Go(func() {
				var err error
				if answers[i], err = c.Send("POST", "/jobs", `{"title": "once"}`, "Idempotency-Key", fmt.Sprint("key-", n)); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if answers[0].Status != 201 || answers[1].Status != 201 || answers[0].Body != answers[1].Body {
			t.Errorf("one key is answered with %d %s and %d %s", answers[0].Status, answers[0].Body, answers[1].Status, answers[1].Body)
		}
	}
	last := member.Must(t, 201, "POST", "/jobs", `{"title": "last"}`)
	if rows := apptest.List[jobRow](t, member.Via(b.admin.Base), "/jobs", last.Seen()); len(rows) != keys+1 {
		t.Errorf("%d jobs, want one for each of %d keys and one without", len(rows), keys)
	}
}

func suspendedEverywhere(t *testing.T, a, b *server) {
	id, member := a.tenant(t, "suspended")
	member.Via(b.admin.Base).Must(t, 200, "GET", "/jobs", "")
	eventuallyAnswers := func(status int) {
		t.Helper()
		enginetest.Eventually(t, 2*tenancy.MaxStale, fmt.Sprint("both replicas answer ", status), func() bool {
			return member.Do(t, "GET", "/jobs", "").Status == status && member.Via(b.admin.Base).Do(t, "GET", "/jobs", "").Status == status
		})
	}
	a.admin.Must(t, 200, "POST", "/tenants/"+id+"/suspend", `{"reason": "unpaid"}`)
	eventuallyAnswers(403)
	member.Via(b.admin.Base).Do(t, "POST", "/jobs", `{"title": "x"}`).WantProblem(t, 403, "TENANT_SUSPENDED")
	b.admin.Must(t, 200, "POST", "/tenants/"+id+"/activate", "")
	eventuallyAnswers(200)
}
