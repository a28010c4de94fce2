// Package platformtest gives tests of several modules a real event store, and
// stands in for what brings events to reactions and timers to their time: the
// test says when that happens, and what time it is.
//
// Tests with a Platform do not run in parallel: a transaction of one would hold
// back what another one may read of the log.
package platformtest

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
	"github.com/oksai/oksai/handwritten/runtime/timer"
)

const page = 100

// Platform is an event store with a clock that stands still.
type Platform struct {
	// Store is real, on the database of the URL, the test's own.
	Store *eventstore.Store
	URL   string
	// Told are the events that were brought to the reactions, in the log's order.
	Told []event.Recorded

	now       atomic.Pointer[time.Time]
	reactions []reaction.Definition
	timers    []timer.Definition
}

// Open begins at a time, with the PostgreSQL schemas of modules.
func Open(t testing.TB, start time.Time, schemas ...string) *Platform {
	t.Helper()
	p := &Platform{URL: enginetest.Postgres(t)}
	p.now.Store(&start)
	check(t, eventstore.Migrate(t.Context(), p.URL))
	apply(t, p.URL, schemas)
	var err error
	p.Store, err = eventstore.Open(t.Context(), eventstore.Config{URL: p.URL, Clock: p.Now})
	check(t, err)
	running, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- p.Store.Run(running) }()
	t.Cleanup(func() {
		stop()
		<-stopped
		p.Store.Close()
	})
	return p
}

func apply(t testing.TB, url string, schemas []string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	check(t, err)
	defer conn.Close(t.Context())
	for _, schema := range schemas {
		_, err := conn.Exec(t.Context(), schema)
		check(t, err)
	}
}

// Now is the platform's time.
func (p *Platform) Now() time.Time { return *p.now.Load() }

// Clock makes repositories live in the platform's time.
func (p *Platform) Clock() command.Option { return command.WithClock(p.Now) }

// Follow adds a module's reactions and timers.
func (p *Platform) Follow(reactions []reaction.Definition, timers []timer.Definition) {
	p.reactions = append(p.reactions, reactions...)
	p.timers = append(p.timers, timers...)
}

// Settle brings every new event to every reaction, twice as a bus may, until
// nothing more happens.
func (p *Platform) Settle(t testing.TB) {
	t.Helper()
	for {
		var seen event.Position
		if n := len(p.Told); n > 0 {
			seen = p.Told[n-1].Position
		}
		events, err := p.Store.ReadLog(t.Context(), seen, page)
		check(t, err)
		if len(events) == 0 {
			return
		}
		for _, e := range events {
			p.Told = append(p.Told, e)
			p.react(t, e)
			p.react(t, e)
		}
	}
}

func (p *Platform) react(t testing.TB, e event.Recorded) {
	t.Helper()
	for _, r := range p.reactions {
		if r.Topic != "" || !slices.Contains(r.Types, e.Type) {
			continue
		}
		if err := r.Handle(t.Context(), e); err != nil {
			t.Fatalf("%v: %s on %s: %v", p.Now(), r.Name, e.Type, err)
		}
	}
}

// Until lets time pass. Timers fire one after the other, each at its own time,
// and what follows from one happens before the next.
func (p *Platform) Until(t testing.TB, then time.Time) {
	t.Helper()
	p.Settle(t)
	for p.fireNext(t, then) {
		p.Settle(t)
	}
	p.now.Store(&then)
}

func (p *Platform) fireNext(t testing.TB, until time.Time) bool {
	t.Helper()
	var modules []string
	for _, d := range p.timers {
		modules = append(modules, d.Module)
	}
	due, err := p.Store.DueTimers(t.Context(), modules, until, 1)
	check(t, err)
	for _, d := range due {
		if d.Due.After(p.Now()) {
			p.now.Store(&d.Due)
		}
		p.fire(t, d)
	}
	return len(due) > 0
}

// Sleep lets time pass in which no program runs: what is due waits for Until.
func (p *Platform) Sleep(until time.Time) { p.now.Store(&until) }

func (p *Platform) fire(t testing.TB, due timer.Due) {
	t.Helper()
	for _, d := range p.timers {
		if d.Module != due.Stream.Module || d.Type != due.Stream.Type {
			continue
		}
		if err := d.Handle(t.Context(), due); err != nil {
			t.Fatalf("%v: timer %s of %s: %v", due.Due, due.Name, due.Stream.Type, err)
		}
	}
	check(t, p.Store.ClearTimer(t.Context(), due))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
