package httpx_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
)

// TestATraceGoesOn: from the request to the event, to Kafka, to the log, and to
// who asks for help. What is malformed goes nowhere.
func TestATraceGoesOn(t *testing.T) {
	t.Parallel()
	repo := newNotes(t, command.Tenant)
	var id uuid.UUID
	s, log := newServer(t, httpx.Config{}, module("note", map[string]http.HandlerFunc{
		"POST /notes": func(_ http.ResponseWriter, r *http.Request) {
			id = execute(t, r.Context(), repo, httpx.Command[note]{Operation: "Create", Creates: true, Decide: write("x")}).ID
		},
	}))
	const trace, malformed = "4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4737"
	for given, goesOn := range map[string]bool{"00-" + trace + "-00f067aa0ba902b7-01": true, "00-" + malformed + "-00f067aa0ba902b7-1": false} {
		r := request("POST", "/notes", "", "")
		r.Header.Set("Traceparent", given)
		do(t, s, r)
		events, err := repo.History(t.Context(), acme, id, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		headers := bus.Headers(bus.Config{}.PublicRecord(events[0]))
		stored, ok := event.TraceID(events[0].Metadata.Trace)
		if !ok || (stored == trace) != goesOn || headers[bus.HeaderTrace] != events[0].Metadata.Trace {
			t.Errorf("%s is stored as %q and sent as %q", given, events[0].Metadata.Trace, headers[bus.HeaderTrace])
		}
		if !strings.Contains(log.String(), `"trace":"`+stored+`"`) {
			t.Errorf("no log line has the trace %s:\n%s", stored, log)
		}
	}
	if strings.Contains(log.String(), malformed) {
		t.Errorf("what is malformed is logged:\n%s", log)
	}
	if p := wantProblem(t, do(t, s, traced("GET", "/nowhere", trace)), 404, "NO_SUCH_PATH"); p.TraceID != trace {
		t.Errorf("the problem has the trace %s", p.TraceID)
	}
}

func traced(method, path, trace string) *http.Request {
	r := request(method, path, "", "")
	r.Header.Set("Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	return r
}
