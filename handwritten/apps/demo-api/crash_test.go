package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

const (
	crashes = 3
	clients = 8
)

// TestCrash kills the app under load, starts it again on the same data, and
// checks that every answer it gave still holds and the read models are exact.
func TestCrash(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	data := dataFolder(t)
	s := serve(t, data)
	tenant, member := s.tenant(t, "crash")
	workers := make([]*worker, clients)
	for i := range workers {
		workers[i] = &worker{name: fmt.Sprint("worker-", i), acked: map[string]int64{}, random: rand.New(rand.NewPCG(seed, uint64(i+1)))}
		workers[i].next()
	}

	for range crashes {
		load := run(t, workers, member)
		<-time.After(time.Second + time.Duration(random.Int64N(int64(time.Second))))
		s.kill(t)
		load.Wait()
		s = serve(t, data)
		member.base = s.admin.base
		for _, w := range workers {
			if !w.step(t, member) { // the request that was in flight, with its key
				t.Fatalf("%s is not answered after the restart", w.key())
			}
		}
	}

	acked := map[string]int64{}
	for _, w := range workers {
		for id, version := range w.acked {
			acked[id] = version
		}
	}
	last := decode[object](t, member.must(t, 201, "POST", "/jobs", `{"title": "last"}`))
	acked[last.ID] = last.Version
	t.Logf("tenant %s: %d jobs survived %d crashes", tenant, len(acked), crashes)
	checkModels(t, member, acked, member.must(t, 200, "POST", "/jobs/"+last.ID+"/start", "").seen())
	s.stop(t)
}

// run lets all workers send until the server is gone.
func run(t *testing.T, workers []*worker, c caller) *sync.WaitGroup {
	var load sync.WaitGroup
	for _, w := range workers {
		load.Go(func() {
			for w.step(t, c) {
			}
		})
	}
	return &load
}

// worker creates jobs and takes each some way, one request after the other.
// A request that was not answered is sent again with the same key.
type worker struct {
	name   string
	random *rand.Rand
	acked  map[string]int64 // the version of each job that was answered last
	job    int              // counts the jobs
	id     string           // of the current one
	done   int              // requests of the current job that were answered
	plan   int              // requests it gets
}

func (w *worker) next() { w.job, w.id, w.done, w.plan = w.job+1, "", 0, 1+w.random.IntN(3) }

func (w *worker) key() string { return fmt.Sprintf("%s/%d/%d", w.name, w.job, w.done) }

// step sends the next request and reports whether it was answered. Request n of
// a job leads to its version n: more would mean that a retry had a second effect.
func (w *worker) step(t *testing.T, c caller) bool {
	path := []string{"/jobs", "/jobs/" + w.id + "/start", "/jobs/" + w.id + "/complete"}[w.done]
	body := ""
	if w.done == 0 {
		body = fmt.Sprintf(`{"title": "job %d of %s"}`, w.job, w.name)
	}
	a, err := c.send("POST", path, body, "Idempotency-Key", w.key())
	if err != nil || a.status >= 500 {
		return false
	}
	var got object
	if err := json.Unmarshal(a.body, &got); err != nil || a.status >= 300 || got.Version != int64(w.done+1) {
		t.Errorf("%s: POST %s = %d %s, want version %d", w.key(), path, a.status, a.body, w.done+1)
		return false
	}
	w.id, w.acked[got.ID] = got.ID, got.Version
	if w.done++; w.done == w.plan {
		w.next()
	}
	return true
}
