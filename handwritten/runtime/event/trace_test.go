package event_test

import (
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/event"
)

const (
	trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	span  = "00f067aa0ba902b7"
)

func TestContinueTrace(t *testing.T) {
	t.Parallel()
	for given, flags := range map[string]string{
		"00-" + trace + "-" + span + "-01":          "01",
		"00-" + trace + "-" + span + "-00":          "00",
		"00-" + trace + "-" + span + "-f3":          "01", // flags that nobody knows yet are not passed on
		"cc-" + trace + "-" + span + "-02-whatever": "00",
	} {
		id, next := event.ContinueTrace(given)
		if id != trace || !strings.HasPrefix(next, "00-"+trace+"-") || strings.Contains(next, span) || !strings.HasSuffix(next, "-"+flags) {
			t.Errorf("%s goes on as %s in %s", given, next, id)
		}
		if again, ok := event.TraceID(next); !ok || again != trace {
			t.Errorf("%s is not one itself", next)
		}
	}
}

func TestMalformedTracesAreReplaced(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "x", trace, "00-" + strings.ToUpper(trace) + "-" + span + "-01", "00-" + strings.Repeat("0", 32) + "-" + span + "-01",
		"00-" + trace + "-" + strings.Repeat("0", 16) + "-01", "ff-" + trace + "-" + span + "-01", "00-" + trace + "-" + span + "-01-more",
		"00-" + trace + "-" + span + "-1", " 00-" + trace + "-" + span + "-01", "00-" + trace + "-" + span + "-01\n", "cc-" + trace + "-" + span + "-01.x",
	} {
		if id, ok := event.TraceID(bad); ok {
			t.Errorf("%q is of the trace %s", bad, id)
		}
		id, next := event.ContinueTrace(bad)
		if again, ok := event.TraceID(next); !ok || again != id || id == trace {
			t.Errorf("%q goes on as %q in %q", bad, next, id)
		}
	}
}
