package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
)

// testDeadLetters gives up what a partner sent that is not even an assignment.
func testDeadLetters(t *testing.T, p *platform) {
	admin := p.as("PlatformAdmin", "platform-admin")
	event := uuid.NewString()
	p.assigned(t, event, `{"job_id": 7}`)
	l := p.letter(t, event)
	if l.Tenant != p.Tenant || l.Status != "parked" || !strings.HasPrefix(l.Consumer, "job.") || !strings.Contains(string(l.Record), "partner") {
		t.Errorf("the letter is %+v", l)
	}
	if groups := admin.Must(t, 200, "GET", "/dead-letter-groups", "").Body; !strings.Contains(groups, l.Code) {
		t.Errorf("the groups are %s", groups)
	}
	one := `"consumer": "` + l.Consumer + `", "tenant": "` + p.Tenant + `", "event": "` + event + `"`
	if dry := admin.Must(t, 200, "POST", "/dead-letters/replay", "{"+one+"}").Body; !strings.Contains(dry, l.Stream) || !strings.Contains(dry, `"wanted":0`) {
		t.Errorf("a dry run says %s", dry)
	}
	admin.Must(t, 200, "POST", "/dead-letters/replay", "{"+one+`, "dry_run": false}`)
	enginetest.Eventually(t, apptest.HealWithin, "an app that has the reaction tries again", func() bool {
		again := p.letter(t, event)
		return again.Attempts == l.Attempts+1 && again.Status == "parked" && !again.Wanted
	})
	admin.Do(t, "POST", "/dead-letters/replay", `{"consumer": "job.job_facts@1", "dry_run": false}`).WantProblem(t, 409, "PROJECTION_LETTER")
	admin.Must(t, 204, "POST", "/dead-letters/discard", "{"+one+"}")
	admin.Do(t, "POST", "/dead-letters/discard", "{"+one+"}").WantProblem(t, 404, "NOT_PARKED")
	if left := admin.Must(t, 200, "GET", "/dead-letters?event="+event, "").Body; left != `{"items":[]}` {
		t.Errorf("still parked: %s", left)
	}
}

type letter struct {
	Consumer, Event, Tenant, Stream, Code, Status string
	Attempts                                      int
	Wanted                                        bool
	Record                                        json.RawMessage
}

// letter waits until an event is a dead letter.
func (p *platform) letter(t *testing.T, event string) (l letter) {
	t.Helper()
	enginetest.Eventually(t, apptest.HealWithin, "the dead letter", func() bool {
		all := listed[letter](t, p.as("PlatformAdmin", "platform-admin"), "/dead-letters?event="+event)
		if len(all) == 1 {
			l = all[0]
		}
		return len(all) == 1
	})
	return l
}

// testReplay has another app assign a job that a partner told of too early.
func testReplay(t *testing.T, p *platform) {
	admin, member := p.as("PlatformAdmin", "platform-admin"), p.as("TenantMember", "platform-api")
	event, early, alice := uuid.NewString(), uuid.New(), p.hire(t, "alice@example.com")
	p.assigned(t, event, fmt.Sprintf(`{"job_id": %q, "assigned_to": %q}`, early, alice))
	if l := p.letter(t, event); l.Code != "NOT_FOUND" {
		t.Errorf("the letter is %+v", l)
	}
	p.create(t, early)
	member.Do(t, "POST", "/jobs/"+early.String()+"/assign", fmt.Sprintf(`{"assigned_to": %q}`, uuid.New())).WantProblem(t, 409, "NOT_A_MEMBER")
	admin.Must(t, 200, "POST", "/dead-letters/replay", fmt.Sprintf(`{"consumer": "job.AssignFromOutside", "event": %q, "dry_run": false}`, event))
	enginetest.Eventually(t, apptest.HealWithin, "the job is assigned", func() bool {
		return strings.Contains(member.Must(t, 200, "GET", "/jobs/"+early.String(), "").Body, alice)
	})
	enginetest.Eventually(t, apptest.HealWithin, "the letter is gone", func() bool {
		return admin.Must(t, 200, "GET", "/dead-letters?event="+event, "").Body == `{"items":[]}`
	})
}

// hire makes somebody a member of the demo tenant.
func (p *platform) hire(t *testing.T, email string) (id string) {
	t.Helper()
	admin := p.as("PlatformAdmin", "platform-admin")
	user := admin.Must(t, 201, "POST", "/users", fmt.Sprintf(`{"email": %q}`, email)).Object(t).ID
	admin.Must(t, 201, "POST", "/members", fmt.Sprintf(`{"user": %q}`, user), "X-Tenant-ID", p.Tenant)
	return user
}

// create makes a job with an id that a partner knew before us.
func (p *platform) create(t *testing.T, id uuid.UUID) {
	t.Helper()
	engines, err := embedded.Find(p.data)
	if err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: engines.PostgresURL})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	outboxtest.Go(t, store.Run)
	_, err = store.Append(t.Context(), eventstore.Append{
		Stream: event.Stream{Module: "job", Type: "Job", Tenant: uuid.MustParse(p.Tenant), ID: id},
		Events: []event.Data{job.JobCreated{Title: "Early", Priority: job.PriorityNormal, CreatedAt: time.Now().UTC()}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// assigned tells the embedded Kafka that a job is somebody's, as a partner would.
func (p *platform) assigned(t *testing.T, event, body string) {
	t.Helper()
	engines, err := embedded.Find(p.data)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(engines.KafkaBrokers...), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(-1))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	record := &kgo.Record{Topic: "partner-jobs", Value: []byte(body)}
	for key, text := range map[string]string{
		"ce_specversion": "1.0", "ce_id": event, "ce_source": "/partner", "ce_type": "job.assigned", "ce_tenantid": p.Tenant, "content-type": "application/json",
	} {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: key, Value: []byte(text)})
	}
	if err := client.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
}
