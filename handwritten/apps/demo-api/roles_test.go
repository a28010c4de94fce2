package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestWorkerThatIsKilledIsReplacedWithinTenSeconds: both the relay that it led
// and the partitions that it owned go over to the other one.
func TestWorkerThatIsKilledIsReplacedWithinTenSeconds(t *testing.T) {
	at := sharedEngines(t)
	api, first := startPart(t, at, "api"), startPart(t, at, "worker")
	eventually(t, healWithin, "the first worker leads", func() bool { return first.leads(t) })
	second := startPart(t, at, "worker")
	awaitSharing(t, at)
	_, member := api.tenant(t, "heirs")
	healed(t, member, member.must(t, 201, "POST", "/jobs", `{"title": "before"}`).seen(), 1)

	began := time.Now()
	first.kill(t)
	healed(t, member, member.must(t, 201, "POST", "/jobs", `{"title": "after"}`).seen(), 2)
	eventually(t, healWithin, "the second worker leads", func() bool { return second.leads(t) })
	took := time.Since(began) // the partitions went over too, as the list showed
	t.Logf("replaced after %v", took)
	if took > takeOverWithin {
		t.Errorf("replaced after %v, want within %v", took, takeOverWithin)
	}
}

// TestRoles: an API and a worker are one app together, on engines that they share.
func TestRoles(t *testing.T) {
	at := sharedEngines(t)
	api := startPart(t, at, "api")
	_, member := api.tenant(t, "roles")
	job := member.must(t, 201, "POST", "/jobs", `{"title": "waits for a worker"}`)
	member.must(t, 200, "GET", "/jobs/"+decode[object](t, job).ID, "")
	wantProblem(t, member.do(t, "GET", "/jobs", ""), 503, "UNAVAILABLE")

	worker := startPart(t, at, "worker")
	healed(t, member, job.seen(), 1)
	wantProblem(t, member.via(worker).do(t, "GET", "/jobs", ""), 404, "NO_SUCH_PATH")
	member.via(worker).must(t, 200, "GET", "/health/ready", "")
	if !worker.leads(t) {
		t.Error("the worker's relay does not lead")
	}
	if api.leads(t) {
		t.Error("the API's process publishes")
	}
	worker.stop(t)
	api.stop(t)
}

// TestPartOfAnAppNeedsSharedEngines: engines of its own would be nobody else's.
func TestPartOfAnAppNeedsSharedEngines(t *testing.T) {
	for _, command := range []string{"api", "worker"} {
		cmd := exec.Command(binary, command)
		cmd.Env = append(os.Environ(), "OKSAI_DATA="+t.TempDir(), "REDIS_URL=redis://127.0.0.1:1/0")
		out, err := cmd.CombinedOutput()
		if want := "set DATABASE_URL, CLICKHOUSE_URL, KAFKA_BROKERS, or run serve"; err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
}
