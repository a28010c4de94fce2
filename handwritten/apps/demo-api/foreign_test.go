package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

const (
	alice = "3b241101-e2bb-4255-8caf-4136c566a962"
	bob   = "9d0f4e0c-6b0a-4c57-9a39-5f6f3f0c8d11"
)

// TestForeignEvents: what partners tell of jobs becomes commands, once each.
func TestForeignEvents(t *testing.T) {
	s := serve(t, sharedEngines(t))
	id, member := s.tenant(t, "partner")
	p, desk := newPartner(t, s.place, id), openOffice(t, s.place)
	desk.hire(t, id, alice, bob)
	t.Run("both modes of CloudEvents, each event twice", func(t *testing.T) { bothModes(t, p, member) })
	t.Run("what cannot be handled stops no other", func(t *testing.T) { poison(t, s, p, desk, member) })
	t.Run("an event that came too early is replayed", func(t *testing.T) { tooEarly(t, p, desk, member) })
	s.stop(t)
}

func newJob(t *testing.T, c apptest.Caller) string {
	t.Helper()
	return c.Must(t, 201, "POST", "/jobs", `{"title": "x"}`).Object(t).ID
}

// awaitHistory waits until a job's events have these types.
func awaitHistory(t *testing.T, c apptest.Caller, job string, types ...string) {
	t.Helper()
	var history []recorded
	defer func() {
		if t.Failed() {
			t.Logf("history of job %s: %+v", job, history)
		}
	}()
	enginetest.Eventually(t, apptest.HealWithin, "the commands of the partner's events", func() bool {
		history = apptest.List[recorded](t, c, "/jobs/"+job+"/history", "")
		return slices.EqualFunc(history, types, func(e recorded, kind string) bool { return e.Type == "job.Job"+kind })
	})
}

func bothModes(t *testing.T, p partner, member apptest.Caller) {
	inHeaders, inBody := newJob(t, member), newJob(t, member)
	records := []*kgo.Record{
		p.inHeaders(assigned(inHeaders, alice)), p.inBody(assigned(inBody, bob)),
	}
	began := time.Now()
	p.send(t, append(records, again(records)...)...)
	awaitHistory(t, member, inHeaders, "Created", "Assigned")
	awaitHistory(t, member, inBody, "Created", "Assigned")
	t.Logf("commands of a topic that is new are there after %v", time.Since(began))
	// Assigning again changes nothing, so it must be to another one to show a second effect.
	more := []*kgo.Record{p.inBody(assigned(inHeaders, bob)), p.inHeaders(assigned(inBody, alice))}
	p.send(t, slices.Concat(more, again(records), again(more))...)
	awaitHistory(t, member, inHeaders, "Created", "Assigned", "Assigned")
	awaitHistory(t, member, inBody, "Created", "Assigned", "Assigned")
	ends := []*kgo.Record{p.inHeaders(cancelled(inHeaders, "late")), p.inBody(cancelled(inBody, "late"))}
	p.send(t, append(ends, again(ends)...)...)
	awaitHistory(t, member, inHeaders, "Created", "Assigned", "Assigned", "Cancelled")
	awaitHistory(t, member, inBody, "Created", "Assigned", "Assigned", "Cancelled")
}

// again are the same events in records of their own.
func again(records []*kgo.Record) []*kgo.Record {
	var copies []*kgo.Record
	for _, r := range records {
		copies = append(copies, &kgo.Record{Key: r.Key, Value: r.Value, Headers: r.Headers})
	}
	return copies
}

func poison(t *testing.T, s *server, p partner, desk office, member apptest.Caller) {
	healthy, finished := newJob(t, member), newJob(t, member)
	member.Must(t, 200, "POST", "/jobs/"+finished+"/cancel", `{"reason": "x"}`)
	_, stranger := s.tenant(t, "stranger")
	foreign := newJob(t, stranger)
	p.send(t,
		&kgo.Record{Value: []byte("\x00junk")},
		p.inHeaders("job.assigned", uuid.NewString(), `{"job_id": 7}`),
		p.inBody(assigned(finished, alice)),
		p.inBody(assigned(foreign, alice)),
		p.inHeaders(assigned(healthy, alice)))
	awaitHistory(t, member, healthy, "Created", "Assigned")
	// Junk is parked by both reactions that read the topic.
	desk.awaitParked(t, map[string]int64{"REACTION_FAILED": 3, "JOB_FINISHED": 1, "NOT_FOUND": 1})
	p.send(t, p.inHeaders(assigned(healthy, bob)))
	awaitHistory(t, member, healthy, "Created", "Assigned", "Assigned")
	awaitHistory(t, stranger, foreign, "Created")
}

func tooEarly(t *testing.T, p partner, desk office, member apptest.Caller) {
	early := uuid.New()
	id := early.String()
	p.send(t, p.inHeaders(assigned(id, alice)), p.inHeaders(assigned(id, bob)))
	desk.awaitParked(t, map[string]int64{"REACTION_FAILED": 3, "JOB_FINISHED": 1, "NOT_FOUND": 2, "BEHIND": 1})
	desk.create(t, uuid.MustParse(p.tenant), early)
	if handled, left := desk.replay(t, reaction.Filter{Consumer: "job.AssignFromOutside", Code: "NOT_FOUND"}); handled != 1 || left != 1 {
		t.Errorf("%d streams were handled again and %d are parked still, want 1 and 1: the other tenant's job is still none of ours", handled, left)
	}
	awaitHistory(t, member, id, "Created", "Assigned", "Assigned")
	desk.awaitParked(t, map[string]int64{"REACTION_FAILED": 3, "JOB_FINISHED": 1, "NOT_FOUND": 1})
	p.send(t, p.inHeaders(cancelled(id, "late")))
	awaitHistory(t, member, id, "Created", "Assigned", "Assigned", "Cancelled")
}
