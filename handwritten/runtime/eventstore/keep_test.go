package eventstore_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

func TestTimersFollowTheirStream(t *testing.T) {
	t.Parallel()
	store := start(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	stream := newStream(uuid.New())
	set := func(expected int64, fails bool, timers ...eventstore.Timer) {
		t.Helper()
		_, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: expected, Events: events(1), Timers: timers})
		if fails != isConflict(err) {
			t.Fatal(err)
		}
	}
	due := func(at time.Time) []eventstore.DueTimer {
		t.Helper()
		found, err := store.DueTimers(t.Context(), []string{"test"}, at, 10)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	minute := now.Add(time.Minute)
	set(0, false, eventstore.Timer{Name: "stale", Due: minute}, eventstore.Timer{Name: "remind", Due: now.Add(time.Hour)})
	set(0, true, eventstore.Timer{Name: "stale"}) // a conflict clears nothing
	if early := due(minute.Add(-time.Microsecond)); len(early) != 0 {
		t.Fatalf("early: %v", early)
	}
	want := eventstore.DueTimer{Stream: stream, Name: "stale", Due: minute}
	if found := due(minute); len(found) != 1 || found[0] != want {
		t.Fatalf("due: %v, want %v", found, want)
	}
	if twice := due(minute); len(twice) != 0 {
		t.Errorf("handed out twice: %v", twice)
	}
	if found := due(minute.Add(time.Minute)); len(found) != 1 {
		t.Errorf("not handed out again after its lease: %v", found)
	}
	set(1, false, eventstore.Timer{Name: "stale", Due: minute.Add(time.Second)}) // set anew
	if err := store.ClearTimer(t.Context(), want); err != nil {                  // too late: it is another one now
		t.Fatal(err)
	}
	if found := due(minute.Add(time.Second)); len(found) != 1 || !found[0].Due.Equal(minute.Add(time.Second)) {
		t.Errorf("after it was set anew: %v", found)
	}
	want.Due = minute.Add(time.Second)
	if err := store.ClearTimer(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	set(2, false, eventstore.Timer{Name: "remind"})
	if found := due(now.Add(100 * time.Hour)); len(found) != 0 {
		t.Errorf("cleared, but due: %v", found)
	}
}

func TestDueTimersGoToOneReceiverEach(t *testing.T) {
	t.Parallel()
	store := start(t)
	now := time.Now()
	for range 40 {
		a := eventstore.Append{Stream: newStream(uuid.New()), Events: events(1), Timers: []eventstore.Timer{{Name: "t", Due: now}}}
		mustAppend(t, store, a)
	}
	var mu sync.Mutex
	received := map[event.Stream]int{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 40 {
				found, err := store.DueTimers(t.Context(), []string{"test"}, now, 5)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, timer := range found {
					received[timer.Stream]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(received) != 40 {
		t.Errorf("%d of 40 timers were handed out", len(received))
	}
	for stream, times := range received {
		if times != 1 {
			t.Errorf("stream %s got its timer %d times", stream.ID, times)
		}
	}
}

func TestCheckpointIsFenced(t *testing.T) {
	t.Parallel()
	store := start(t)
	none, err := store.LoadCheckpoint(t.Context(), "facts", 3)
	if err != nil || !none.Position.IsZero() || none.Fence != 0 {
		t.Fatalf("before the first claim: %+v, %v", none, err)
	}
	old, err := store.ClaimCheckpoint(t.Context(), "facts", 3)
	if err != nil {
		t.Fatal(err)
	}
	old.Position, old.Count = event.Position{Epoch: 1, XID: 700, Seq: 9}, 4
	if err := store.SaveCheckpoint(t.Context(), store.Writer(), old); err != nil {
		t.Fatal(err)
	}
	owner, err := store.ClaimCheckpoint(t.Context(), "facts", 3)
	if err != nil || owner.Position != old.Position || owner.Count != 4 {
		t.Fatalf("claimed %+v, %v", owner, err)
	}
	old.Position.Seq = 20 // a paused owner wakes up
	if err := store.SaveCheckpoint(t.Context(), store.Writer(), old); !errors.Is(err, eventstore.ErrFenced) {
		t.Errorf("the old owner may save: %v", err)
	}
	back := owner
	back.Position.XID--
	if err := store.SaveCheckpoint(t.Context(), store.Writer(), back); !errors.Is(err, eventstore.ErrFenced) {
		t.Errorf("the checkpoint may go back: %v", err)
	}
	owner.Position.Seq, owner.LastError = 10, "late"
	if err := store.SaveCheckpoint(t.Context(), store.Writer(), owner); err != nil {
		t.Error(err)
	}
	all, err := store.Checkpoints(t.Context())
	if err != nil || len(all) != 1 || all[0].Position != owner.Position || all[0].LastError != "late" {
		t.Errorf("checkpoints %+v, %v", all, err)
	}
}

func TestSnapshotIsNeverReplacedByAnOlderOne(t *testing.T) {
	t.Parallel()
	store := start(t)
	stream := newStream(uuid.New())
	for _, s := range []struct {
		version      int64
		schema, want string
	}{{100, "a", "100a"}, {50, "a", "100a"}, {200, "a", "200a"}, {150, "b", "150b"}} {
		if err := store.SaveSnapshot(t.Context(), stream, s.version, s.schema, []byte("state")); err != nil {
			t.Fatal(err)
		}
		got, found, err := store.LoadSnapshot(t.Context(), stream)
		if err != nil || !found || string(got.State) != "state" {
			t.Fatalf("loaded %+v, %v, %v", got, found, err)
		}
		if want := s.want; want != strconv.FormatInt(got.Version, 10)+got.Schema {
			t.Errorf("after saving %d%s: %d%s, want %s", s.version, s.schema, got.Version, got.Schema, want)
		}
	}
	stream.Tenant = uuid.New()
	if _, found, err := store.LoadSnapshot(t.Context(), stream); found || err != nil {
		t.Errorf("another tenant finds the snapshot: %v", err)
	}
}
