package main

import (
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

const restarts = 3

// TestKilledServerGoesOnAtOnce: what a killed process held, above all the
// relay's lease, holds up nobody who starts on the same data.
func TestKilledServerGoesOnAtOnce(t *testing.T) {
	s := serve(t, ownEngines(t))
	_, member := s.tenant(t, "restart")
	var waited time.Duration
	for range restarts {
		before := member.Must(t, 201, "POST", "/jobs", `{"title": "before"}`)
		s.kill(t)
		s = serve(t, s.place)
		member.Base = s.admin.Base
		member.Read(t, "/jobs", before.Seen())
		after := member.Must(t, 201, "POST", "/jobs", `{"title": "after"}`)
		began := time.Now()
		member.Read(t, "/jobs", after.Seen())
		waited += time.Since(began)
	}
	// Waiting for the lease to expire would take 2 to 5 s each time. A Kafka that
	// outlives the process remembers its consumers even longer.
	if waited > restarts*2*time.Second && !enginetest.KafkaIsReal() {
		t.Errorf("lists showed new writes after %v in all, in %d restarts", waited, restarts)
	}
	s.stop(t)
}
