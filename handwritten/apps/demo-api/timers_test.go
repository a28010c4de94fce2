package main

import (
	"testing"
	"time"

	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/timer"
)

// TestTimers: a job that was started is cancelled after 30 days, once, however
// many processes look; clocks that are ahead bring the day.
func TestTimers(t *testing.T) {
	s := serve(t, sharedEngines(t))
	_, member := s.tenant(t, "timers")
	pending, started, completed := newJob(t, member), newJob(t, member), newJob(t, member)
	member.Must(t, 200, "POST", "/jobs/"+started+"/start", "")
	member.Must(t, 200, "POST", "/jobs/"+completed+"/start", "")
	member.Must(t, 200, "POST", "/jobs/"+completed+"/complete", "")
	desk := openOffice(t, s.place)

	look := desk.timersAt(t, 719*time.Hour)
	look()
	awaitHistory(t, member, started, "Created", "Started")
	first, second := desk.timersAt(t, 721*time.Hour), desk.timersAt(t, 721*time.Hour)
	first()
	second()
	first()
	awaitHistory(t, member, started, "Created", "Started", "Cancelled")
	awaitHistory(t, member, pending, "Created")
	awaitHistory(t, member, completed, "Created", "Started", "Completed")
	last := member.Must(t, 201, "POST", "/jobs", `{"title": "last"}`)
	if rows := apptest.List[jobRow](t, member, "/jobs?status=cancelled", last.Seen()); len(rows) != 1 || rows[0].ID != started {
		t.Errorf("cancelled jobs %+v, want the one that was started", rows)
	}
	s.stop(t)
}

// timersAt runs the timers of a process whose clock is ahead. The returned
// function lets it look once, whole.
func (o office) timersAt(t *testing.T, ahead time.Duration) (look func()) {
	t.Helper()
	ticks := make(chan time.Time)
	outboxtest.Go(t, timer.New(timer.Config{
		Store: o.store, Definitions: job.Timers(o.jobs), Ticks: ticks, Logger: outboxtest.Logger(t),
		Clock: func() time.Time { return time.Now().Add(ahead) },
	}).Run)
	return func() {
		ticks <- time.Now() // taken when the look before has ended
		ticks <- time.Now()
	}
}
