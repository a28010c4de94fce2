package main

import (
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// TestWorkerThatIsKilledIsReplacedWithinTenSeconds: both the relay that it led
// and the partitions that it owned go over to the other one.
func TestWorkerThatIsKilledIsReplacedWithinTenSeconds(t *testing.T) {
	at := sharedEngines(t)
	api, first := startPart(t, at, "api"), startPart(t, at, "worker")
	enginetest.Eventually(t, apptest.HealWithin, "the first worker leads", func() bool { return first.leads(t) })
	second := startPart(t, at, "worker")
	awaitSharing(t, at)
	_, member := api.tenant(t, "heirs")
	healed(t, member, member.Must(t, 201, "POST", "/jobs", `{"title": "before"}`).Seen(), 1)

	began := time.Now()
	first.kill(t)
	healed(t, member, member.Must(t, 201, "POST", "/jobs", `{"title": "after"}`).Seen(), 2)
	enginetest.Eventually(t, apptest.HealWithin, "the second worker leads", func() bool { return second.leads(t) })
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
	job := member.Must(t, 201, "POST", "/jobs", `{"title": "waits for a worker"}`)
	member.Must(t, 200, "GET", "/jobs/"+job.Object(t).ID, "")
	member.Do(t, "GET", "/jobs", "").WantProblem(t, 503, "UNAVAILABLE")

	worker := startPart(t, at, "worker")
	healed(t, member, job.Seen(), 1)
	member.Via(worker.admin.Base).Do(t, "GET", "/jobs", "").WantProblem(t, 404, "NO_SUCH_PATH")
	member.Via(worker.admin.Base).Must(t, 200, "GET", "/health/ready", "")
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
		out, err := apptest.Command(t.TempDir(), []string{"REDIS_URL=redis://127.0.0.1:1/0"}, program, command).CombinedOutput()
		if want := "set DATABASE_URL, CLICKHOUSE_URL, KAFKA_BROKERS, or run serve"; err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
}
