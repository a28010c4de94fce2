package reaction_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// Another system's trace goes on, unless it is none: then a new one begins.
func TestTraceOfAForeignEvent(t *testing.T) {
	t.Parallel()
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, given := range []string{good, "", "<script>", good + "-x"} {
		record := &kgo.Record{Topic: "partner-jobs", Value: []byte("{}")}
		for name, value := range map[string]string{bus.HeaderID: "1", bus.HeaderSource: "/partner", bus.HeaderType: "job.assigned", bus.HeaderTrace: given} {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
		}
		e, err := reaction.Foreign(record)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := event.TraceID(e.Metadata.Trace); !ok || (e.Metadata.Trace == given) != (given == good) {
			t.Errorf("the trace %q became %q", given, e.Metadata.Trace)
		}
	}
}
