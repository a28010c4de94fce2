package main

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
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
	created := c.must(t, 201, "POST", "/jobs", `{"title": " Ship it ", "priority": "high", "tags": ["Launch"]}`)
	job := decode[object](t, created)
	path := "/jobs/" + job.ID
	c.must(t, 200, "POST", path+"/start", "")
	done := c.must(t, 200, "POST", path+"/complete", "")
	if got := decode[object](t, done); got != (object{job.ID, 3, "completed"}) || done.header.Get("ETag") != `"3"` {
		t.Errorf("completed job %+v, ETag %s", got, done.header.Get("ETag"))
	}

	for query, want := range map[string]int{
		"/jobs": 1, "/jobs?search=ship": 1, "/jobs?search=sail": 0, "/jobs?status=completed": 1, "/jobs?status=pending": 0,
		"/jobs?tags_any=launch": 1, "/jobs?priority_in=low": 0, "/jobs?created_by=member-of-life": 1,
	} {
		if rows := list[jobRow](t, c, query, done.seen()); len(rows) != want {
			t.Errorf("%s lists %+v, want %d rows", query, rows, want)
		}
	}
	days := list[dayRow](t, c, "/daily-jobs", done.seen())
	if len(days) != 1 || days[0].Created != 1 || days[0].Completed != 1 {
		t.Errorf("statistics %+v, want one job created and completed", days)
	}
	overview := decode[map[string]int64](t, c.read(t, "/job-overview", done.seen()))
	if overview["total"] != 1 || overview["completed"] != 1 || overview["pending"] != 0 {
		t.Errorf("overview %v", overview)
	}
	history := list[recorded](t, c, path+"/history", "")
	if len(history) != 3 || history[0].Type != "job.JobCreated" || history[2].Type != "job.JobCompleted" {
		t.Errorf("history %+v", history)
	}
	for version, status := range []string{"pending", "in_progress", "completed"} {
		at := decode[object](t, c.must(t, 200, "GET", fmt.Sprintf("%s/at?version=%d", path, version+1), ""))
		if at != (object{job.ID, int64(version + 1), status}) {
			t.Errorf("as of version %d: %+v, want %s", version+1, at, status)
		}
	}
}

func versions(t *testing.T, s *server) {
	_, c := s.tenant(t, "versions")
	path := "/jobs/" + decode[object](t, c.must(t, 201, "POST", "/jobs", `{"title": "a"}`)).ID
	c.must(t, 200, "POST", path+"/start", "", "If-Match", `"1"`)
	wantProblem(t, c.do(t, "POST", path+"/complete", "", "If-Match", `"1"`), 412, "STALE_VERSION")
	wantProblem(t, c.do(t, "POST", path+"/start", ""), 409, "JOB_NOT_PENDING")
	if now := decode[object](t, c.must(t, 200, "GET", path, "")); now.Version != 2 {
		t.Errorf("refused commands left %+v, want version 2", now)
	}
	c.must(t, 304, "GET", path, "", "If-None-Match", `"2"`)
}

func idempotency(t *testing.T, s *server) {
	_, c := s.tenant(t, "replay")
	first := c.must(t, 201, "POST", "/jobs", `{"title": "a"}`, "Idempotency-Key", "k")
	c.must(t, 200, "POST", "/jobs/"+decode[object](t, first).ID+"/start", "")
	again := c.must(t, 201, "POST", "/jobs", `{"title": "a"}`, "Idempotency-Key", "k")
	if !bytes.Equal(first.body, again.body) || first.header.Get("ETag") != again.header.Get("ETag") {
		t.Errorf("the replay answers %s, the first request %s", again.body, first.body)
	}
	other := c.do(t, "POST", "/jobs", `{"title": "b"}`, "Idempotency-Key", "k")
	wantProblem(t, other, 422, "IDEMPOTENCY_KEY_REUSED")
	last := c.must(t, 201, "POST", "/jobs", `{"title": "c"}`)
	if rows := list[jobRow](t, c, "/jobs", last.seen()); len(rows) != 2 {
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
			a, err := c.send("POST", "/jobs", `{"title": "now", "priority": "urgent"}`)
			switch {
			case err != nil:
				t.Error(err)
			case a.status == 201:
				created.Add(1)
			default:
				refused.Add(1)
				wantProblem(t, a, 409, "TOO_MANY_URGENT")
			}
		})
	}
	clients.Wait()
	if created.Load() != 3 || refused.Load() != 29 {
		t.Errorf("%d created and %d refused, want 3 and 29", created.Load(), refused.Load())
	}
	last := c.must(t, 201, "POST", "/jobs", `{"title": "later", "priority": "low"}`)
	if rows := list[jobRow](t, c, "/jobs?priority=urgent", last.seen()); len(rows) != 3 {
		t.Errorf("%d urgent jobs are listed, want 3", len(rows))
	}
}
