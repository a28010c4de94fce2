package eventstore_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

func key(name string) *eventstore.Key {
	return &eventstore.Key{Scope: "http:ada:create", Name: name, Hash: [32]byte{1}}
}

func TestRepeatedKeyReplaysTheFirstAnswer(t *testing.T) {
	t.Parallel()
	store := start(t)
	stream := newStream(uuid.New())
	first := mustAppend(t, store, eventstore.Append{Stream: stream, Events: events(2), Key: key("k")})

	again := newStream(stream.Tenant) // a repeated creation comes with a new id
	replayed := mustAppend(t, store, eventstore.Append{Stream: again, Events: events(1), Key: key("k")})
	if !replayed.Replayed || replayed.StreamID != stream.ID || replayed.Version != 2 || replayed.Position != first.Position || replayed.Events != nil {
		t.Errorf("replayed %+v, want the answer %+v", replayed, first)
	}
	if head, _ := store.Head(t.Context(), again.Tenant, again.ID); head != 0 {
		t.Errorf("the replay made a stream at version %d", head)
	}
	found, hash, ok, err := store.FindKey(t.Context(), stream.Tenant, "http:ada:create", "k")
	if err != nil || !ok || hash != key("k").Hash || found.StreamID != stream.ID || found.Position != first.Position {
		t.Errorf("FindKey = %+v, %v, %v, %v", found, hash, ok, err)
	}
	if _, _, ok, err := store.FindKey(t.Context(), uuid.New(), "http:ada:create", "k"); ok || err != nil {
		t.Errorf("another tenant finds the key: %v, %v", ok, err)
	}
}

func TestKeyWithOtherContentIsRefused(t *testing.T) {
	t.Parallel()
	store := start(t)
	tenant := uuid.New()
	mustAppend(t, store, eventstore.Append{Stream: newStream(tenant), Events: events(1), Key: key("k")})
	other := key("k")
	other.Hash[0] = 2
	for _, inline := range [][]func(ctx, pgx.Tx, []event.Recorded) error{nil, {doNothing}} {
		a := eventstore.Append{Stream: newStream(tenant), Events: events(1), Key: other, Inline: inline}
		if _, err := store.Append(t.Context(), a); !errors.Is(err, eventstore.ErrKeyReused) {
			t.Errorf("append with a reused key: %v", err)
		}
	}
	// Another tenant's equal key is another key.
	mustAppend(t, store, eventstore.Append{Stream: newStream(uuid.New()), Events: events(1), Key: other})
}

func TestOneKeyAmongManyClientsHasOneEffect(t *testing.T) {
	t.Parallel()
	url := database(t)
	one, _ := startAt(t, url, nil)
	two, _ := startAt(t, url, nil) // another replica: the two race in the database
	tenant := uuid.New()
	for _, name := range []string{"a", "b", "c", "d"} {
		var firsts, neighbours atomic.Int64
		together(func(client int) {
			store := []*eventstore.Store{one, two}[client%2]
			a := eventstore.Append{Stream: newStream(tenant), Events: events(1)}
			if client%4 < 2 {
				a.Key = key(name)
			}
			if client%8 == 0 {
				a.Inline = []func(ctx, pgx.Tx, []event.Recorded) error{doNothing}
			}
			result, err := store.Append(t.Context(), a)
			switch {
			case err != nil:
				t.Error(err)
			case a.Key == nil:
				neighbours.Add(1)
			case !result.Replayed:
				firsts.Add(1)
			}
		})
		if firsts.Load() != 1 || neighbours.Load() != clients/2 {
			t.Errorf("key %s: %d first answers, %d neighbours; want 1 and %d", name, firsts.Load(), neighbours.Load(), clients/2)
		}
	}
}

func TestFailedCommandLeavesNoKey(t *testing.T) {
	t.Parallel()
	store := start(t)
	stream := newStream(uuid.New())
	fails := []func(ctx, pgx.Tx, []event.Recorded) error{func(ctx, pgx.Tx, []event.Recorded) error { return errInline }}
	_, conflict := store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: 4, Events: events(1), Key: key("k")})
	_, inline := store.Append(t.Context(), eventstore.Append{Stream: stream, Events: events(1), Key: key("k"), Inline: fails})
	if !isConflict(conflict) || !errors.Is(inline, errInline) {
		t.Fatalf("unexpected errors: %v; %v", conflict, inline)
	}
	if result := mustAppend(t, store, eventstore.Append{Stream: stream, Events: events(1), Key: key("k")}); result.Replayed {
		t.Error("a failed command left its key")
	}
}

// A repetition that waits for the first attempt's stream wakes up to a conflict
// with it, and must not be told so: it was the command itself.
func TestReplayWinsOverConflict(t *testing.T) {
	t.Parallel()
	url := database(t)
	store, _ := startAt(t, url, nil)
	stream := newStream(uuid.New())
	written, finish := make(chan struct{}), make(chan struct{})
	slow := func(ctx, pgx.Tx, []event.Recorded) error {
		close(written)
		<-finish
		return nil
	}
	send := func(inline ...func(ctx, pgx.Tx, []event.Recorded) error) <-chan eventstore.Result {
		answer := make(chan eventstore.Result, 1)
		go func() {
			result, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Events: events(1), Key: key("k"), Inline: inline})
			if err != nil {
				t.Error(err)
			}
			answer <- result
		}()
		return answer
	}
	conn := admin(t, url)
	count := func(condition string) (n int) {
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "+condition).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := send(slow)
	<-written // it is about to commit
	second := send()
	eventually(t, "the second attempt waits for it", func() bool { return count("wait_event_type = 'Lock'") == 1 })
	close(finish)
	if result := <-first; result.Replayed || result.Version != 1 {
		t.Errorf("the first attempt: %+v", result)
	}
	if result := <-second; !result.Replayed || result.Version != 1 {
		t.Errorf("the second attempt: %+v, want the first one's answer", result)
	}
}

func TestUnchangedIsRemembered(t *testing.T) {
	t.Parallel()
	store := start(t)
	stream := newStream(uuid.New())
	first := mustAppend(t, store, eventstore.Append{Stream: stream, Events: events(2)})
	if _, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: 1, Key: key("k")}); !isConflict(err) {
		t.Errorf("unchanged since an old version: %v, want a conflict", err)
	}
	unchanged := mustAppend(t, store, eventstore.Append{Stream: stream, Expected: 2, Key: key("k")})
	if unchanged.Version != 2 || unchanged.Position != first.Position || unchanged.Replayed {
		t.Errorf("unchanged: %+v, want version 2 at %v", unchanged, first.Position)
	}
	mustAppend(t, store, eventstore.Append{Stream: stream, Expected: 2, Events: events(1)})
	if again := mustAppend(t, store, eventstore.Append{Stream: stream, Expected: 3, Key: key("k")}); !again.Replayed || again.Version != 2 {
		t.Errorf("again: %+v, want the first answer", again)
	}
	// A claim without a stream, then the stream.
	none := newStream(stream.Tenant)
	if claim := mustAppend(t, store, eventstore.Append{Stream: none, Key: key("claim")}); claim.Version != 0 || !claim.Position.IsZero() {
		t.Errorf("claim: %+v", claim)
	}
	mustAppend(t, store, eventstore.Append{Stream: none, Events: events(1)})
}
