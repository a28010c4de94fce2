package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
)

// TestWalk lives through a job as the README does, and stops the server.
func TestWalk(t *testing.T) {
	s := serve(t, ownEngines(t))
	t.Run("life of a job", func(t *testing.T) { lifeOfAJob(t, s) })
	t.Run("versions", func(t *testing.T) { versions(t, s) })
	t.Run("idempotency", func(t *testing.T) { idempotency(t, s) })
	t.Run("limit of the plan", func(t *testing.T) { limitOfThePlan(t, s) })
	s.stop(t)
}

func lifeOfAJob(t *testing.T, s *server) {
	_, c := s.tenant(t, "life")
	created := c.Must(t, 201, "POST", "/jobs", `{"title": " Ship it ", "priority": "high", "tags": ["Launch"]}`)
	job := created.Object(t)
	path := "/jobs/" + job.ID
	c.Must(t, 200, "POST", path+"/start", "")
	done := c.Must(t, 200, "POST", path+"/complete", "")
	if got := done.Object(t); got != (apptest.Object{ID: job.ID, Version: 3, Status: "completed"}) || done.Header.Get("ETag") != `"3"` {
		t.Errorf("completed job %+v, ETag %s", got, done.Header.Get("ETag"))
	}

	for query, want := range map[string]int{
		"/jobs": 1, "/jobs?search=ship": 1, "/jobs?search=sail": 0, "/jobs?status=completed": 1, "/jobs?status=pending": 0,
		"/jobs?tags_any=launch": 1, "/jobs?priority_in=low": 0, "/jobs?created_by=member-of-life": 1,
	} {
		if rows := apptest.List[jobRow](t, c, query, done.Seen()); len(rows) != want {
			t.Errorf("%s lists %+v, want %d rows", query, rows, want)
		}
	}
	days := apptest.List[dayRow](t, c, "/daily-jobs", done.Seen())
	if len(days) != 1 || days[0].Created != 1 || days[0].Completed != 1 {
		t.Errorf("statistics %+v, want one job created and completed", days)
	}
	overview := apptest.Decode[map[string]int64](t, c.Read(t, "/job-overview", done.Seen()))
	if overview["total"] != 1 || overview["completed"] != 1 || overview["pending"] != 0 {
		t.Errorf("overview %v", overview)
	}
	history := apptest.List[recorded](t, c, path+"/history", "")
	if len(history) != 3 || history[0].Type != "job.JobCreated" || history[2].Type != "job.JobCompleted" {
		t.Errorf("history %+v", history)
	}
	for version, status := range []string{"pending", "in_progress", "completed"} {
		at := c.Must(t, 200, "GET", fmt.Sprintf("%s/at?version=%d", path, version+1), "").Object(t)
		if at != (apptest.Object{ID: job.ID, Version: int64(version + 1), Status: status}) {
			t.Errorf("as of version %d: %+v, want %s", version+1, at, status)
		}
	}
}

func versions(t *testing.T, s *server) {
	_, c := s.tenant(t, "versions")
	path := "/jobs/" + c.Must(t, 201, "POST", "/jobs", `{"title": "a"}`).Object(t).ID
	c.Must(t, 200, "POST", path+"/start", "", "If-Match", `"1"`)
	c.Do(t, "POST", path+"/complete", "", "If-Match", `"1"`).WantProblem(t, 412, "STALE_VERSION")
	c.Do(t, "POST", path+"/start", "").WantProblem(t, 409, "JOB_NOT_PENDING")
	if now := c.Must(t, 200, "GET", path, "").Object(t); now.Version != 2 {
		t.Errorf("refused commands left %+v, want version 2", now)
	}
	c.Must(t, 304, "GET", path, "", "If-None-Match", `"2"`)
}

func idempotency(t *testing.T, s *server) {
	_, c := s.tenant(t, "replay")
	first := c.Must(t, 201, "POST", "/jobs", `{"title": "a"}`, "Idempotency-Key", "k")
	c.Must(t, 200, "POST", "/jobs/"+first.Object(t).ID+"/start", "")
	again := c.Must(t, 201, "POST", "/jobs", `{"title": "a"}`, "Idempotency-Key", "k")
	if first.Body != again.Body || first.Header.Get("ETag") != again.Header.Get("ETag") {
		t.Errorf("the replay answers %s, the first request %s", again.Body, first.Body)
	}
	other := c.Do(t, "POST", "/jobs", `{"title": "b"}`, "Idempotency-Key", "k")
	other.WantProblem(t, 422, "IDEMPOTENCY_KEY_REUSED")
	last := c.Must(t, 201, "POST", "/jobs", `{"title": "c"}`)
	if rows := apptest.List[jobRow](t, c, "/jobs", last.Seen()); len(rows) != 2 {
		t.Errorf("jobs %+v, want one for the key and one without", rows)
	}
}

// limitOfThePlan: the free plan allows 3 urgent jobs, whoever asks at once.
func limitOfThePlan(t *testing.T, s *server) {
	_, c := s.freeTenant(t, "urgent")
	var created, refused atomic.Int32
	var clients sync.WaitGroup
	for range 32 {
		clients.Go(func() {
			a, err := c.Send("POST", "/jobs", `{"title": "now", "priority": "urgent"}`)
			switch {
			case err != nil:
				t.Error(err)
			case a.Status == 201:
				created.Add(1)
			default:
				refused.Add(1)
				a.WantProblem(t, 409, "TOO_MANY_URGENT")
			}
		})
	}
	clients.Wait()
	if created.Load() != 3 || refused.Load() != 29 {
		t.Errorf("%d created and %d refused, want 3 and 29", created.Load(), refused.Load())
	}
	last := c.Must(t, 201, "POST", "/jobs", `{"title": "later", "priority": "low"}`)
	if rows := apptest.List[jobRow](t, c, "/jobs?priority=urgent", last.Seen()); len(rows) != 3 {
		t.Errorf("%d urgent jobs are listed, want 3", len(rows))
	}
}
