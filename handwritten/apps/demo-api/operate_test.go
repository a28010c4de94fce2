package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// command runs the app's binary beside the server and returns what it printed.
func (s *server) command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = s.environ()
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || strings.Contains(errs.String(), "DATA RACE") {
		t.Logf("%v: %s", args, &errs)
	}
	return string(out), err
}

// done runs a command that must succeed.
func (s *server) done(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(t, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
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
	first := member.must(t, 201, "POST", "/jobs", `{"title": "first"}`)
	member.must(t, 200, "GET", "/jobs", "", "Oksai-Consistency", first.seen())

	if out := s.done(t, "projections", "pause", "job.job_facts"); !strings.Contains(out, "paused job.job_facts@") {
		t.Errorf("pause printed %q", out)
	}
	if c := s.consumer(t, "job.job_facts"); !c.Paused || c.Status != "built" {
		t.Errorf("the paused projection is %+v", c)
	}
	eventually(t, 10*time.Second, "the running server heeds the pause", func() bool {
		job := member.must(t, 201, "POST", "/jobs", `{"title": "while paused"}`)
		return member.do(t, "GET", "/jobs", "", "Oksai-Consistency", job.seen()).status == 503
	})
	// A rebuild in another process shows what the paused projection has not applied.
	s.done(t, "projections", "rebuild", "job.job_facts")
	if jobs := list[jobRow](t, member, "/jobs", ""); len(jobs) < 2 {
		t.Errorf("%d jobs after the rebuild", len(jobs))
	}
	s.done(t, "projections", "resume", "job.job_facts")
	last := member.must(t, 201, "POST", "/jobs", `{"title": "last"}`)
	eventually(t, 20*time.Second, "the resumed projection goes on", func() bool {
		return member.do(t, "GET", "/jobs", "", "Oksai-Consistency", last.seen()).status == 200
	})
	eventually(t, 10*time.Second, "no lag is left", func() bool {
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
	id := decode[object](t, last).ID
	if out := s.done(t, "events", "stream", id, "--tenant", tenant); !strings.Contains(out, "job.JobCreated "+id+" v1") {
		t.Errorf("events stream printed %q", out)
	}
	if out := s.done(t, "events", "tail", "--tenant", tenant, "-n", "1"); !strings.Contains(out, id) || strings.Count(out, "\n") != 1 {
		t.Errorf("events tail printed %q", out)
	}
	if out := s.done(t, "dlq", "replay", "--dry-run", "--json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("dlq replay --dry-run printed %q", out)
	}
	metrics := string(s.admin.must(t, 200, "GET", "/metrics", "").body)
	for _, name := range []string{`oksai_consumer_lag_records{consumer="job.job_facts"} 0`, "oksai_log_watermark_age_seconds ", "oksai_consumer_paused{"} {
		if !strings.Contains(metrics, name) {
			t.Errorf("/metrics lacks %s", name)
		}
	}
	s.stop(t)
	if out, err := s.command(t, "outbox", "status"); err == nil {
		t.Errorf("a command without a server printed %q", out)
	}
}
