package giventest

import (
	"encoding/json"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/event"
)

// Like is an event of which only the named fields matter.
type Like struct {
	Event  event.Data
	Fields []string // names at the top of the payload
}

// ThenLike demands events of these types, in this order, equal in the fields that are named.
func (r Result[S]) ThenLike(t testing.TB, want ...Like) {
	t.Helper()
	got := r.accepted(t)
	if len(got) != len(want) {
		t.Fatalf("decided\n%swant %d events", describe(got), len(want))
	}
	for i, w := range want {
		if g, wanted := w.look(t, got[i]), w.look(t, w.Event); g != wanted {
			t.Fatalf("event %d: decided\n  %s\nwant\n  %s", i, g, wanted)
		}
	}
}

// look prints what matters of an event.
func (w Like) look(t testing.TB, e event.Data) string {
	t.Helper()
	var payload map[string]json.RawMessage
	if err := json.Unmarshal(e.AppendJSON(nil), &payload); err != nil {
		t.Fatalf("payload of %s: %v", e.EventType(), err)
	}
	matters := map[string]json.RawMessage{}
	for _, name := range w.Fields {
		matters[name] = payload[name]
	}
	text, err := json.Marshal(matters)
	if err != nil {
		t.Fatalf("payload of %s: %v", e.EventType(), err)
	}
	return e.EventType() + " " + string(text)
}
