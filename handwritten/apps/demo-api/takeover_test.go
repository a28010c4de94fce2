package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// takeOverWithin is how long events may wait for another replica after theirs
// died. The promise is 10 s, and the log has the time; tests run on machines that
// are busy with others. Less than 40 s shows that no time-out of Kafka's
// transactions or groups was waited for.
const takeOverWithin = 30 * time.Second

// TestReplicaDies kills the replica that publishes the log, under load: commands
// go on at once, events are published and projected again in time, and nothing
// is lost or doubled.
func TestReplicaDies(t *testing.T) {
	seed := newSeed(t)
	a, b := twoReplicas(t)
	dying, staying := leaderFirst(t, a, b)
	var doomed, safe, probes []*worker
	for i, member := range membersInAllPartitions(t, staying) {
		doomed = append(doomed, newWorker(member.Via(dying.admin.Base), seed, 3*i))
		safe = append(safe, newWorker(member, seed, 3*i+1))
		probes = append(probes, newWorker(member, seed, 3*i+2))
	}
	dead, alive := run(t, doomed), run(t, safe[:2])
	<-time.After(time.Second)

	openGroups(t, staying.place).watch(t)
	killed := time.Now()
	dying.kill(t)
	dead.Wait()
	for _, w := range doomed {
		w.resume(t, staying.admin.Base)
	}
	t.Logf("the clients of the dead replica are answered by the other after %v", time.Since(killed))
	for _, w := range probes {
		w.resume(t, w.Base)
	}
	awaitProjected(t, probes)
	took := time.Since(killed)
	t.Logf("the events of all partitions are projected by the other after %v", took)
	if took > takeOverWithin {
		t.Errorf("taking over from a dead replica took %v, want it within %v", took, takeOverWithin)
	}
	alive.end()

	versions := map[string]int64{}
	for i, probe := range probes {
		if safe[i].failure != nil {
			t.Errorf("a client of the replica that stays was not answered: %v", safe[i].failure)
		}
		for id, version := range checkWork(t, probe.Caller, doomed[i], safe[i], probe) {
			versions[id] = version
		}
	}
	checkPublished(t, staying.bus, versions)
	t.Logf("%d jobs, slowest answers: %v", len(versions), slowest(safe))
	staying.stop(t)
}

// leaderFirst tells which replica publishes the log.
func leaderFirst(t *testing.T, a, b *server) (leader, other *server) {
	t.Helper()
	enginetest.Eventually(t, apptest.HealWithin, "one replica leads", func() bool { return a.leads(t) != b.leads(t) })
	if b.leads(t) {
		return b, a
	}
	return a, b
}

func (s *server) leads(t *testing.T) bool {
	t.Helper()
	return strings.Contains(s.admin.Must(t, 200, "GET", "/metrics", "").Body, "\noksai_relay_leading 1\n")
}

// awaitProjected waits until what each worker was answered last can be listed.
func awaitProjected(t *testing.T, workers []*worker) {
	t.Helper()
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() {
			if _, _, err := w.AskUntilThere("/jobs?limit=1", w.seen); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func slowest(workers []*worker) (took time.Duration) {
	for _, w := range workers {
		took = max(took, w.slowest)
	}
	return took
}
