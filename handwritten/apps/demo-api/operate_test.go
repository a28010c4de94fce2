package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// done is what a command of the app's program prints beside the server.
func (s *server) done(t *testing.T, args ...string) string {
	t.Helper()
	return apptest.Output(t, s.command(args...))
}

type consumer struct {
	Name, Status string
	Paused       bool
	Handled      int64
	Lag          *int64
}

func (s *server) consumer(t *testing.T, name string) consumer {
	t.Helper()
	var all []consumer
	if err := json.Unmarshal([]byte(s.done(t, "projections", "list", "--json")), &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if strings.HasPrefix(c.Name, name) {
			return c
		}
	}
	t.Fatalf("no %s among %+v", name, all)
	return consumer{}
}

// TestOperatorsCommands: the commands of an operator work on the engines of a running server.
func TestOperatorsCommands(t *testing.T) {
	s := serve(t, ownEngines(t))
	tenant, member := s.tenant(t, "operated")
	first := member.Must(t, 201, "POST", "/jobs", `{"title": "first"}`)
	member.Must(t, 200, "GET", "/jobs", "", "Oksai-Consistency", first.Seen())

	if out := s.done(t, "projections", "pause", "job.job_facts"); !strings.Contains(out, "paused job.job_facts@") {
		t.Errorf("pause printed %q", out)
	}
	if c := s.consumer(t, "job.job_facts"); !c.Paused || c.Status != "built" {
		t.Errorf("the paused projection is %+v", c)
	}
	enginetest.Eventually(t, 10*time.Second, "the running server heeds the pause", func() bool {
		job := member.Must(t, 201, "POST", "/jobs", `{"title": "while paused"}`)
		return member.Do(t, "GET", "/jobs", "", "Oksai-Consistency", job.Seen()).Status == 503
	})
	// A rebuild in another process shows what the paused projection has not applied.
	s.done(t, "projections", "rebuild", "job.job_facts")
	if jobs := apptest.List[jobRow](t, member, "/jobs", ""); len(jobs) < 2 {
		t.Errorf("%d jobs after the rebuild", len(jobs))
	}
	s.done(t, "projections", "resume", "job.job_facts")
	last := member.Must(t, 201, "POST", "/jobs", `{"title": "last"}`)
	enginetest.Eventually(t, 20*time.Second, "the resumed projection goes on", func() bool {
		return member.Do(t, "GET", "/jobs", "", "Oksai-Consistency", last.Seen()).Status == 200
	})
	enginetest.Eventually(t, 10*time.Second, "no lag is left", func() bool {
		c := s.consumer(t, "job.job_facts")
		return c.Lag != nil && *c.Lag == 0
	})

	var status struct {
		Active bool
		Lag    int64
	}
	if err := json.Unmarshal([]byte(s.done(t, "outbox", "status", "--json")), &status); err != nil || !status.Active || status.Lag != 0 {
		t.Errorf("outbox: %+v, %v", status, err)
	}
	id := last.Object(t).ID
	if out := s.done(t, "events", "stream", id, "--tenant", tenant); !strings.Contains(out, "job.JobCreated "+id+" v1") {
		t.Errorf("events stream printed %q", out)
	}
	if out := s.done(t, "events", "tail", "--tenant", tenant, "-n", "1"); !strings.Contains(out, id) || strings.Count(out, "\n") != 1 {
		t.Errorf("events tail printed %q", out)
	}
	if out := s.done(t, "dlq", "replay", "--dry-run", "--json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("dlq replay --dry-run printed %q", out)
	}
	metrics := s.admin.Must(t, 200, "GET", "/metrics", "").Body
	for _, name := range []string{`oksai_consumer_lag_records{consumer="job.job_facts"} 0`, "oksai_log_watermark_age_seconds ", "oksai_consumer_paused{"} {
		if !strings.Contains(metrics, name) {
			t.Errorf("/metrics lacks %s", name)
		}
	}
	s.stop(t)
	if out, err := s.command("outbox", "status").CombinedOutput(); err == nil {
		t.Errorf("a command without a server printed %q", out)
	}
}
