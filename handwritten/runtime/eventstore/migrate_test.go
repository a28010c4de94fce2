package eventstore_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

func TestReplicasMigrateAtTheSameTime(t *testing.T) {
	t.Parallel()
	url := enginetest.Postgres(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := eventstore.Migrate(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	store, _ := startAt(t, url, nil)
	if result := mustAppend(t, store, eventstore.Append{Stream: newStream(uuid.New()), Events: events(1)}); result.Position.Epoch != 1 {
		t.Errorf("the first epoch is %d, want 1", result.Position.Epoch)
	}
}

func TestRestoredClusterGetsANewEpoch(t *testing.T) {
	t.Parallel()
	for name, restore := range map[string]string{
		"another cluster":             "UPDATE oksai.cluster SET system_identifier = 1",
		"transaction ids start again": "UPDATE oksai.events SET xid = '200000000000'", // the restored ones are ahead of the cluster's
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := database(t)
			store, _ := startAt(t, url, nil)
			before := newStream(uuid.New())
			mustAppend(t, store, eventstore.Append{Stream: before, Events: events(2)})
			if err := eventstore.Migrate(t.Context(), url); err != nil { // nothing has happened
				t.Fatal(err)
			}
			if _, err := admin(t, url).Exec(t.Context(), restore); err != nil {
				t.Fatal(err)
			}
			if err := eventstore.Migrate(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			after := mustAppend(t, store, eventstore.Append{Stream: newStream(uuid.New()), Events: events(1)})
			if after.Position.Epoch != 2 {
				t.Fatalf("the epoch is %d, want 2", after.Position.Epoch)
			}
			log := readLog(t, store, event.Position{}, 2, 3)
			if log[0].Stream != before || log[2].Position != after.Position {
				t.Errorf("the log is out of order: %v, %v, %v", log[0].Position, log[1].Position, log[2].Position)
			}
			if last, err := store.LastPosition(t.Context()); err != nil || last != after.Position {
				t.Errorf("last position %v, %v; want %v", last, err, after.Position)
			}
		})
	}
}
