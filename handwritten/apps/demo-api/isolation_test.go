package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// canary is in every text of the first tenant, and must reach nobody else.
const canary = "canary-7f3a"

// operations are all that take a job's id; bodies are valid.
var operations = []struct{ method, path, body string }{
	{"GET", "", ""}, {"GET", "/history", ""}, {"GET", "/at?version=1", ""}, {"GET", "/at?at=2999-01-01T00:00:00Z", ""},
	{"POST", "/start", ""}, {"POST", "/complete", ""}, {"POST", "/cancel", `{"reason": "x"}`},
	{"POST", "/assign", `{"assigned_to": "3b241101-e2bb-4255-8caf-4136c566a962"}`}, {"POST", "/retitle", `{"title": "x"}`},
	{"POST", "/reprioritise", `{"priority": "low"}`}, {"POST", "/tag", `{"tag": "x"}`},
}

// TestIsolation: for another tenant, a job does not exist in any way that shows.
func TestIsolation(t *testing.T) {
	s := serve(t, ownEngines(t))
	tenant, owner := s.tenant(t, "canary-7f3a")
	_, other := s.tenant(t, "other")
	const key = "shared-key"
	body := `{"title": "` + canary + `", "tags": ["` + canary + `"]}`
	created := owner.must(t, 201, "POST", "/jobs", body, "Idempotency-Key", key)
	job := decode[object](t, created).ID

	for _, op := range operations {
		for _, headers := range [][]string{nil, {"If-Match", `"1"`}, {"Idempotency-Key", key}} {
			real := other.do(t, op.method, "/jobs/"+job+op.path, op.body, headers...)
			random := other.do(t, op.method, "/jobs/"+uuid.NewString()+op.path, op.body, headers...)
			wantProblem(t, real, 404, "NOT_FOUND")
			wantSame(t, op.method+" "+op.path, real, random)
			wantNoCanary(t, op.method+" "+op.path, real, job)
		}
	}
	for _, path := range []string{"/tenants/" + tenant, "/tenants/" + tenant + "/history", "/tenants/by-slug/" + canary, "/tenants"} {
		wantNoCanary(t, path, other.do(t, "GET", path, ""), tenant)
	}
	wantSame(t, "GET tenant", other.do(t, "GET", "/tenants/"+tenant, ""), other.do(t, "GET", "/tenants/"+uuid.NewString(), ""))
	for _, path := range []string{"/jobs", "/jobs?search=canary", "/jobs?tags_any=" + canary, "/jobs?created_by=member-of-" + canary, "/daily-jobs"} {
		a := other.read(t, path, created.seen())
		if rows := list[jobRow](t, other, path, created.seen()); len(rows) != 0 {
			t.Errorf("%s shows %s", path, a.body)
		}
		wantNoCanary(t, path, a, job)
	}

	// The same key and body are a request of its own for another tenant.
	mine := decode[object](t, other.must(t, 201, "POST", "/jobs", `{"title": "x"}`, "Idempotency-Key", key))
	if mine.ID == job {
		t.Error("the key of one tenant replays for another")
	}
	if now := decode[object](t, owner.must(t, 200, "GET", "/jobs/"+job, "")); now.Version != 1 {
		t.Errorf("the other tenant changed the job to %+v", now)
	}
	// What the checks above look for is really there for its owner.
	if rows := list[jobRow](t, owner, "/jobs?search=canary", created.seen()); len(rows) != 1 {
		t.Errorf("the owner finds %+v, want its job", rows)
	}
}

// wantSame checks that two answers differ in nothing but the ids of their requests.
func wantSame(t *testing.T, what string, a, b answer) {
	t.Helper()
	if x, y := withoutIDs(t, a), withoutIDs(t, b); a.status != b.status || !reflect.DeepEqual(x, y) {
		t.Errorf("%s answers %d %v for another tenant's object, %d %v for none", what, a.status, x, b.status, y)
	}
}

func withoutIDs(t *testing.T, a answer) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(a.body, &fields); err != nil {
		t.Errorf("body %q: %v", a.body, err)
	}
	delete(fields, "trace_id")
	delete(fields, "instance")
	for name := range a.header {
		fields["header "+name] = true
	}
	return fields
}

func wantNoCanary(t *testing.T, what string, a answer, id string) {
	t.Helper()
	text := string(a.body)
	for _, values := range a.header {
		text += " " + strings.Join(values, " ")
	}
	if strings.Contains(text, canary) || strings.Contains(text, id) {
		t.Errorf("%s leaks to another tenant: %s", what, text)
	}
}
