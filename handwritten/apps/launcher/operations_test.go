package main

import (
	"encoding/json"
	"fmt"
	"slices"
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

type consumer struct {
	Name, Kind, Status string
	Paused             bool
	Handled            int64
	Lag                *int64
}

func (p *platform) consumers(t *testing.T) []consumer {
	t.Helper()
	return listed[consumer](t, p.as("PlatformAdmin", "platform-admin"), "/consumers")
}

// consumer finds a projection without its version, or a reaction.
func (p *platform) consumer(t *testing.T, name string) consumer {
	t.Helper()
	for _, c := range p.consumers(t) {
		if c.Name == name || strings.HasPrefix(c.Name, name+"@") {
			return c
		}
	}
	t.Fatalf("there is no consumer %s", name)
	return consumer{}
}

// testConsumers steers a projection of a module that platform-admin does not have.
func testConsumers(t *testing.T, p *platform) {
	const name = "job.job_facts"
	admin, member := p.as("PlatformAdmin", "platform-admin"), p.as("TenantMember", "platform-api")
	if c := p.consumer(t, name); c.Kind != "projection" || c.Status != "built" || c.Paused || c.Lag == nil {
		t.Errorf("before anything: %+v", c)
	}
	admin.Must(t, 200, "POST", "/consumers/"+name+"/pause", "")
	enginetest.Eventually(t, apptest.HealWithin, "new jobs are not listed", func() bool {
		created := member.Must(t, 201, "POST", "/jobs", `{"title": "While it rests"}`)
		return member.Do(t, "GET", "/jobs", "", "Oksai-Consistency", created.Seen()).Status == 503
	})
	if !p.consumer(t, name).Paused {
		t.Error("the paused projection is not shown as paused")
	}
	admin.Must(t, 200, "POST", "/consumers/"+name+"/resume", "")
	created := member.Must(t, 201, "POST", "/jobs", `{"title": "It goes on"}`)
	enginetest.Eventually(t, apptest.HealWithin, "new jobs are listed", func() bool {
		return member.Do(t, "GET", "/jobs", "", "Oksai-Consistency", created.Seen()).Status == 200
	})

	before := p.rebuilds(name)
	admin.Must(t, 200, "POST", "/consumers/"+name+"/rebuild", "")
	enginetest.Eventually(t, apptest.HealWithin, "an app that has the projection rebuilds it", func() bool {
		return p.rebuilds(name) == before+1 && p.consumer(t, name).Status == "built"
	})
	member.Must(t, 200, "GET", "/jobs", "", "Oksai-Consistency", created.Seen())
	for _, action := range []string{"pause", "resume"} {
		admin.Do(t, "POST", "/consumers/job.nothing/"+action, "").WantProblem(t, 404, "CONSUMER_UNKNOWN")
	}
	admin.Do(t, "POST", "/consumers/job.nothing/rebuild", "").WantProblem(t, 404, "PROJECTION_UNKNOWN")
	outbox := apptest.Decode[struct {
		Active    bool
		Published int64
	}](t, admin.Must(t, 200, "GET", "/outbox", ""))
	if !outbox.Active || outbox.Published < 3 {
		t.Errorf("the outbox is %+v", outbox)
	}
}

// rebuilds counts how often the apps have built a projection.
func (p *platform) rebuilds(projection string) int {
	return strings.Count(p.Log.String(), `"projection":"`+projection+`","events"`)
}

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

func testStreams(t *testing.T, p *platform) {
	admin := p.as("PlatformAdmin", "platform-admin")
	job := p.as("TenantMember", "platform-api").Must(t, 201, "POST", "/jobs", `{"title": "Watched"}`).Object(t).ID
	p.as("TenantMember", "platform-api").Must(t, 200, "POST", "/jobs/"+job+"/start", "")
	type stream struct {
		ID, Type string
		Version  int64
	}
	found, after := map[string]stream{}, ""
	for {
		page := listed[stream](t, admin, "/streams/"+p.Tenant+"?type=job.Job&limit=1"+after)
		if len(page) == 0 {
			break
		}
		found[page[0].ID], after = page[0], "&after="+page[0].ID
	}
	if got := found[job]; got.Version != 2 || got.Type != "job.Job" {
		t.Errorf("the streams are %v", found)
	}
	events := admin.Must(t, 200, "GET", "/streams/"+p.Tenant+"/"+job+"?from=2", "").Body
	if !strings.Contains(events, `"type":"job.JobStarted"`) || strings.Contains(events, "JobCreated") {
		t.Errorf("from version 2 the stream has %s", events)
	}
	admin.Do(t, "GET", "/streams/"+uuid.NewString()+"/"+job, "").WantProblem(t, 404, "STREAM_UNKNOWN")
	if state := p.as("PlatformAdmin", "platform-api").Must(t, 200, "GET", "/jobs/"+job+"/at?version=1", "", "X-Tenant-ID", p.Tenant).Body; !strings.Contains(state, `"status":"pending"`) {
		t.Errorf("at version 1 the job is %s", state)
	}
	if inbox := admin.Must(t, 200, "GET", "/inbox?consumer=billing.SubscribeTenant", "").Body; !strings.Contains(inbox, p.Tenant) {
		t.Errorf("the inbox is %s", inbox)
	}
}

// testTenantsGetNothing tries every operation of the operators' app with every
// tenant's role.
func testTenantsGetNothing(t *testing.T, p *platform) {
	document := apptest.Decode[struct {
		Paths map[string]map[string]struct {
			Security *[]any `json:"security"` // empty: nobody is asked for a token
		} `json:"paths"`
	}](t, p.as("PlatformAdmin", "platform-admin").Must(t, 200, "GET", "/openapi.json", ""))
	tried := 0
	for path, methods := range document.Paths {
		for method, operation := range methods {
			if operation.Security != nil && len(*operation.Security) == 0 {
				continue
			}
			path := strings.NewReplacer("{", "", "}", "").Replace(path)
			for _, role := range []string{"TenantOwner", "TenantAdmin", "TenantMember"} {
				p.as(role, "platform-admin").Do(t, strings.ToUpper(method), path, "").WantProblem(t, 403, "FORBIDDEN")
				tried++
			}
		}
	}
	if tried < 3*40 {
		t.Errorf("only %d requests were tried", tried)
	}
}

// testAudit looks for what the tests before have done.
func testAudit(t *testing.T, p *platform) {
	admin := p.as("PlatformAdmin", "platform-admin")
	type entry struct{ Action, Target, By, User, Tenant string }
	list := func(filter string) (all []entry) {
		for cursor := ""; ; {
			page := apptest.Decode[struct {
				Items []entry
				Next  string
			}](t, admin.Must(t, 200, "GET", "/audit?limit=2&kind="+filter+cursor, ""))
			all = append(all, page.Items...)
			if page.Next == "" {
				return all
			}
			cursor = "&cursor=" + page.Next
		}
	}
	acted := list("operator_acted")
	for _, action := range []string{"PauseConsumer", "ResumeConsumer", "RebuildProjection"} {
		if !slices.Contains(acted, entry{Action: action, Target: "job.job_facts", By: "dev-platformadmin"}) {
			t.Errorf("%s is not among %+v", action, acted)
		}
	}
	if of := list("operator_acted&tenant=" + p.Tenant); len(of) != 3 { // a replay, and a letter discarded twice
		t.Errorf("in the tenant operators did %+v", of)
	}
	if len(list("forbidden&tenant="+p.Tenant)) == 0 {
		t.Error("nobody who was no operator is in the trail")
	}
}
