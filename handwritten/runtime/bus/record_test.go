package bus_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

var platform = bus.Config{Platform: "shop"}

func recorded() event.Recorded {
	return event.Recorded{
		ID:            uuid.New(),
		Stream:        event.Stream{Module: "job", Type: "Job", Tenant: uuid.New(), ID: uuid.New()},
		Version:       7,
		Position:      event.Position{Epoch: 1, XID: 742, Seq: 15},
		Type:          "job.JobCreated",
		SchemaVersion: 2,
		Published:     true,
		Payload:       []byte(`{"title":"Plumber"}`),
		Metadata:      event.Metadata{User: "u1", Correlation: uuid.New(), Causation: uuid.New(), Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
		At:            time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC),
	}
}

func TestLogRecordIsReadBackWhole(t *testing.T) {
	t.Parallel()
	want := recorded()
	got, err := bus.Decode(platform.LogRecord(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record read back differs (-want +got):\n%s", diff)
	}
}

func TestRecordUnderAnotherTenantsKeyIsRefused(t *testing.T) {
	t.Parallel()
	record, other := platform.LogRecord(recorded()), uuid.New()
	record.Key = other[:]
	if _, err := bus.Decode(record); err == nil || !strings.Contains(err.Error(), "another tenant") {
		t.Errorf("Decode = %v, want a refusal that names the tenant", err)
	}
}

func TestRecordWithoutAHeaderIsRefused(t *testing.T) {
	t.Parallel()
	whole := platform.LogRecord(recorded())
	for _, name := range []string{bus.HeaderID, bus.HeaderSource, bus.HeaderSubject, bus.HeaderTenant, bus.HeaderVersion, bus.HeaderTime, "position"} {
		record := *whole
		record.Headers = slices.DeleteFunc(slices.Clone(whole.Headers), func(h kgo.RecordHeader) bool { return h.Key == name })
		if _, err := bus.Decode(&record); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: Decode = %v, want an error that names it", name, err)
		}
	}
}

func TestPublicRecordShowsTheContractOnly(t *testing.T) {
	t.Parallel()
	e := recorded()
	record := platform.PublicRecord(e)
	if record.Topic != "job-events" || string(record.Key) != e.Stream.ID.String() {
		t.Errorf("record is %s under key %q, want job-events under the stream's id", record.Topic, record.Key)
	}
	headers := bus.Headers(record)
	for _, internal := range []string{"position", "published", "user"} {
		if value, found := headers[internal]; found {
			t.Errorf("public record shows %s = %q", internal, value)
		}
	}
	if headers[bus.HeaderSpecVersion] != "1.0" || headers[bus.HeaderID] != e.ID.String() {
		t.Errorf("headers %v are not a CloudEvent of event %v", headers, e.ID)
	}
}

func TestTenantsSpreadOverAllPartitionsAndStay(t *testing.T) {
	t.Parallel()
	seen := map[int32]bool{}
	for range 1000 {
		tenant := uuid.New()
		partition := platform.PartitionOf(tenant)
		if again := platform.PartitionOf(tenant); again != partition {
			t.Fatalf("tenant %v is in partition %d, then in %d", tenant, partition, again)
		}
		seen[partition] = true
	}
	if len(seen) != 12 {
		t.Errorf("1000 tenants use %d of 12 partitions", len(seen))
	}
}
