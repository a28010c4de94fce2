// Package giventest tests pure rules in their own terms: given what happened,
// when this is decided, then that happens.
package giventest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Scenario is an aggregate with a past.
type Scenario[S any] struct {
	agg   command.Aggregate[S]
	state *S
	// absent says that nothing has begun it: rules see no state.
	absent bool
	now    time.Time
	err    error
}

// Given is an aggregate to which events happened; none for one that does not exist yet.
func Given[S any](agg command.Aggregate[S], events ...event.Data) Scenario[S] {
	s := Scenario[S]{agg: agg, absent: len(events) == 0, now: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}
	if s.state, s.err = agg.After(new(S), events...); s.err != nil {
		s.err = fmt.Errorf("the given events lead to a state that cannot be: %w", s.err)
	}
	return s
}

// At sets the time that the rule sees as now; default 2024-01-01T00:00:00Z.
func (s Scenario[S]) At(now time.Time) Scenario[S] {
	s.now = now
	return s
}

// When decides. The decision's events are applied too, so that invariants take part.
func (s Scenario[S]) When(decide func(s *S, now time.Time) (command.Decision[S], error)) Result[S] {
	if s.err != nil {
		return Result[S]{broken: s.err}
	}
	given := s.agg.Clone(s.state)
	seen := given
	if s.absent {
		seen = nil
	}
	d, err := decide(seen, s.now)
	if !bytes.Equal(s.agg.EncodeState(given, nil), s.agg.EncodeState(s.state, nil)) {
		return Result[S]{broken: errors.New("the rule changed the state it was given: return an event instead")}
	}
	if err == nil {
		_, err = s.agg.After(s.state, d.Events...)
	}
	return Result[S]{events: d.Events, err: err}
}

// Result is what was decided.
type Result[S any] struct {
	events []event.Data
	err    error
	broken error // the test itself makes no sense
}

// Then demands exactly these events, equal in type, version and payload.
func (r Result[S]) Then(t testing.TB, want ...event.Data) {
	t.Helper()
	if got, wanted := describe(r.accepted(t)), describe(want); got != wanted {
		t.Fatalf("decided\n%swant\n%s", got, wanted)
	}
}

// Unchanged demands that nothing happened and nothing was refused.
func (r Result[S]) Unchanged(t testing.TB) {
	t.Helper()
	r.Then(t)
}

// Refused demands a refusal with this code.
func (r Result[S]) Refused(t testing.TB, code string) {
	t.Helper()
	if r.broken != nil {
		t.Fatal(r.broken)
	}
	var refusal *problem.Error
	switch {
	case r.err == nil:
		t.Fatalf("decided\n%swant a refusal with code %s", describe(r.events), code)
	case !errors.As(r.err, &refusal):
		t.Fatalf("refused by %v, which carries no code; want %s", r.err, code)
	case refusal.Code != code:
		t.Fatalf("refused with %s (%s), want %s", refusal.Code, refusal.Detail, code)
	}
}

func (r Result[S]) accepted(t testing.TB) []event.Data {
	t.Helper()
	if err := errors.Join(r.broken, r.err); err != nil {
		t.Fatalf("refused: %v", err)
	}
	return r.events
}

// describe prints events one a line, their payloads with sorted keys.
func describe(events []event.Data) string {
	if len(events) == 0 {
		return "  nothing\n"
	}
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "  %s v%d %s\n", e.EventType(), e.SchemaVersion(), canonical(e.AppendJSON(nil)))
	}
	return b.String()
}

func canonical(raw []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Sprintf("%s (%v)", raw, err)
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("%s (%v)", raw, err)
	}
	return string(sorted)
}
