package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
)

// worker creates jobs and takes each some way, one request after the other.
// A request that was not answered is sent again with the same key.
type worker struct {
	apptest.Caller
	name    string
	random  *rand.Rand
	acked   map[string]int64 // the version of each job that was answered last
	job     int              // counts the jobs
	id      string           // of the current one
	done    int              // requests of the current job that were answered
	plan    int              // requests it gets
	seen    string           // the consistency token of the latest answer
	slowest time.Duration    // of the answers
	failure error            // why the latest request was not answered
}

// newWorker's number is unique in the test.
func newWorker(c apptest.Caller, seed uint64, number int) *worker {
	w := &worker{Caller: c, name: fmt.Sprint("worker-", number), acked: map[string]int64{}, random: rand.New(rand.NewPCG(seed, uint64(number)))}
	w.next()
	return w
}

func (w *worker) next() { w.job, w.id, w.done, w.plan = w.job+1, "", 0, 1+w.random.IntN(3) }

func (w *worker) key() string { return fmt.Sprintf("%s/%d/%d", w.name, w.job, w.done) }

// step sends the next request and reports whether it was answered. Request n of
// a job leads to its version n: more would mean that a retry had a second effect.
func (w *worker) step(t *testing.T) bool {
	path := []string{"/jobs", "/jobs/" + w.id + "/start", "/jobs/" + w.id + "/complete"}[w.done]
	body := ""
	if w.done == 0 {
		body = fmt.Sprintf(`{"title": "job %d of %s"}`, w.job, w.name)
	}
	began := time.Now()
	a, err := w.Send("POST", path, body, "Idempotency-Key", w.key())
	if err == nil && a.Status >= 500 {
		err = fmt.Errorf("%d %s", a.Status, a.Body)
	}
	if w.failure = err; err != nil {
		return false
	}
	w.slowest = max(w.slowest, time.Since(began))
	var got apptest.Object
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Status >= 300 || got.Version != int64(w.done+1) {
		t.Errorf("%s: POST %s = %d %s, want version %d", w.key(), path, a.Status, a.Body, w.done+1)
		return false
	}
	w.id, w.seen, w.acked[got.ID] = got.ID, a.Seen(), got.Version
	if w.done++; w.done == w.plan {
		w.next()
	}
	return true
}

// resume sends the request that was in flight when the worker's server went
// away, with its key, to another one.
func (w *worker) resume(t *testing.T, base string) {
	t.Helper()
	w.Base = base
	if !w.step(t) {
		t.Fatalf("%s is not answered after the fault: %v", w.key(), w.failure)
	}
}

// load is workers at work.
type load struct {
	sync.WaitGroup
	ended atomic.Bool
}

// run lets all workers send until they get no answer, or until the load is ended.
func run(t *testing.T, workers []*worker) *load {
	var l load
	for _, w := range workers {
		l.Go(func() {
			for !l.ended.Load() && w.step(t) {
			}
		})
	}
	return &l
}

func (l *load) end() {
	l.ended.Store(true)
	l.Wait()
}

// checkWork checks what the workers of one tenant were answered, and returns
// the versions of its jobs.
func checkWork(t *testing.T, c apptest.Caller, workers ...*worker) map[string]int64 {
	t.Helper()
	acked := map[string]int64{}
	for _, w := range workers {
		for id, version := range w.acked {
			acked[id] = version
		}
	}
	// Two writes more, so that the read models are asked for everything before them.
	last := c.Must(t, 201, "POST", "/jobs", `{"title": "last"}`).Object(t)
	acked[last.ID] = last.Version
	return checkModels(t, c, acked, c.Must(t, 200, "POST", "/jobs/"+last.ID+"/start", "").Seen())
}
