package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
)

type auditRow struct {
	StreamID string    `json:"stream_id"`
	Type     string    `json:"type"`
	At       time.Time `json:"at"`
	UserID   string    `json:"user_id"`
	Payload  struct {
		Title string `json:"title"`
	} `json:"payload"`
}

// TestAudit: a tenant's administrator sees who did what, newest first, page by
// page, and nothing of another tenant.
func TestAudit(t *testing.T) {
	s := serve(t, ownEngines(t))
	tenant, member := s.tenant(t, "audited")
	_, other := s.tenant(t, "unseen")
	admin := apptest.Caller{Base: s.admin.Base, Token: s.token(t, "boss", tenant, "TenantAdmin")}
	other.Must(t, 201, "POST", "/jobs", `{"title": "unseen"}`)
	first := member.Must(t, 201, "POST", "/jobs", `{"title": "first"}`).Object(t).ID
	admin.Must(t, 201, "POST", "/jobs", `{"title": "second"}`)
	seen := member.Must(t, 200, "POST", "/jobs/"+first+"/start", "").Seen()

	rows := apptest.List[auditRow](t, admin, "/job-audit", seen)
	if len(rows) != 3 || rows[0].Type != "job.JobStarted" || rows[1].Payload.Title != "second" || rows[2].Payload.Title != "first" {
		t.Fatalf("the audit is %+v, want what happened, newest first", rows)
	}
	for query, want := range map[string]int{
		"type=job.JobCreated": 2, "type_in=job.JobStarted,job.JobCompleted": 1, "stream_id=" + first: 2, "user_id=boss": 1,
		"at_gte=" + url.QueryEscape(rows[1].At.Format(time.RFC3339Nano)): 2, "at_lt=" + url.QueryEscape(rows[2].At.Format(time.RFC3339Nano)): 0,
	} {
		if got := apptest.List[auditRow](t, admin, "/job-audit?"+query, seen); len(got) != want {
			t.Errorf("%s: %d rows, want %d", query, len(got), want)
		}
	}
	member.Do(t, "GET", "/job-audit", "").WantProblem(t, 403, "FORBIDDEN")
}
