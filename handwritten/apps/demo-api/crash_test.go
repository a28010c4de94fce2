package main

import (
	"math/rand/v2"
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
	seed := newSeed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	at := ownEngines(t)
	s := serve(t, at)
	tenant, member := s.tenant(t, "crash")
	workers := make([]*worker, clients)
	for i := range workers {
		workers[i] = newWorker(member, seed, i+1)
	}

	for range crashes {
		load := run(t, workers)
		<-time.After(time.Second + time.Duration(random.Int64N(int64(time.Second))))
		s.kill(t)
		load.Wait()
		s = serve(t, at)
		for _, w := range workers {
			w.resume(t, s.admin.Base)
		}
	}

	member.Base = s.admin.Base
	t.Logf("tenant %s: %d jobs survived %d crashes", tenant, len(checkWork(t, member, workers...)), crashes)
	s.stop(t)
}

// newSeed is logged, so that a failed run can be looked at again.
func newSeed(t *testing.T) uint64 {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return seed
}
