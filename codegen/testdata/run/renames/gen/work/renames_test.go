package work

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// begun is an event as it was written before Task was renamed to Job.
type begun struct{ name, payload string }

func (b begun) EventType() string            { return b.name }
func (begun) SchemaVersion() int             { return 1 }
func (begun) Published() bool                { return false }
func (b begun) AppendJSON(dst []byte) []byte { return append(dst, b.payload...) }

func TestStreamsFromBeforeARenameAreRead(t *testing.T) {
	url := enginetest.Postgres(t)
	check(t, eventstore.Migrate(t.Context(), url))
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: url})
	check(t, err)
	defer store.Close()
	stop := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { defer close(stop); _ = store.Run(ctx) }()
	defer func() { cancel(); <-stop }()

	tenant, id := uuid.New(), uuid.New()
	_, err = store.Append(t.Context(), eventstore.Append{
		Stream: event.Stream{Module: "work", Type: "Task", Tenant: tenant, ID: id}, At: time.Now().UTC(),
		Events: []event.Data{begun{"work.TaskCreated", `{"name": "Ship"}`}, begun{"work.TaskBegun", `{"started_at": "2026-01-02T03:04:05Z"}`}},
	})
	check(t, err)
	jobs := NewRepositories(store).Jobs
	loaded, err := jobs.Load(t.Context(), tenant, id)
	check(t, err)
	if loaded.State.Title != "Ship" || loaded.State.StartedAt == nil {
		t.Errorf("the old stream is read as %+v", loaded.State)
	}
	_, err = jobs.Execute(t.Context(), command.Request[Job]{Tenant: tenant, ID: id, Decide: func(*Job, time.Time) (command.Decision[Job], error) {
		return command.Decision[Job]{Events: []event.Data{JobClosed{}}}, nil
	}})
	check(t, err)
	events, err := store.ReadLog(t.Context(), event.Position{}, 10)
	check(t, err)
	for _, e := range events {
		if !JobLogProjection.Handles(&e) {
			t.Errorf("the log of jobs lacks %s of %s", e.Type, e.Stream.Type)
		}
		if data, err := decodeJobs(&e); err != nil || (data != nil) != (e.Type == "work.TaskCreated") {
			t.Errorf("jobs read %s as %v (%v)", e.Type, data, err)
		}
	}
	if name := (JobStarted{}).EventType(); name != "work.TaskBegun" {
		t.Errorf("what is written now is called %s, which the replicas of before do not know", name)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
