package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
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
