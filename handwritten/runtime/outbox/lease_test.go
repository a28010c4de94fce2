package outbox

import (
	"errors"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Kafka fences a replaced relay too; this shows that PostgreSQL does by itself.
func TestReplacedHolderCannotMoveTheCursor(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := enginetest.Postgres(t)
	if err := eventstore.Migrate(ctx, url); err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open(ctx, eventstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	newRelay := func() *Relay {
		r, err := New(Config{Bus: bus.Config{Platform: "shop"}, Writer: store.Writer(), Reader: store.Reader()})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	zombie, err := newRelay().acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	heir := newRelay()
	if _, err := heir.acquire(ctx); !errors.Is(err, errHeld) {
		t.Fatalf("acquire of a lease that is held = %v, want errHeld", err)
	}
	if _, err := store.Writer().Exec(ctx, `UPDATE oksai.relays SET leased_until = now() - interval '1 s'`); err != nil {
		t.Fatal(err)
	}
	successor, err := heir.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	one, two := event.Position{Epoch: 1, XID: 10, Seq: 1}, event.Position{Epoch: 1, XID: 11, Seq: 2}
	if err := zombie.advance(ctx, zombie.cursor, one, 1); !errors.Is(err, ErrFenced) {
		t.Errorf("the zombie's advance = %v, want ErrFenced", err)
	}
	if err := zombie.update(ctx, renewSQL, leaseTTL); !errors.Is(err, ErrFenced) {
		t.Errorf("the zombie's heartbeat = %v, want ErrFenced", err)
	}
	if err := successor.advance(ctx, successor.cursor, two, 2); err != nil {
		t.Fatal(err)
	}
	if err := successor.advance(ctx, successor.cursor, one, 1); !errors.Is(err, ErrFenced) {
		t.Errorf("an advance from where the cursor is no more = %v, want ErrFenced", err)
	}
	if again, err := heir.acquire(ctx); err != nil || again.cursor != two {
		t.Errorf("the cursor is at %v (%v), want %v", again.cursor, err, two)
	}
}

func TestHolderThatDiedTakesItsLeaseBackAtOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := enginetest.Postgres(t)
	if err := eventstore.Migrate(ctx, url); err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open(ctx, eventstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	acquire := func(holder string) (*lease, error) {
		r, err := New(Config{Bus: bus.Config{Platform: "shop"}, Writer: store.Writer(), Reader: store.Reader(), Holder: holder})
		if err != nil {
			t.Fatal(err)
		}
		return r.acquire(ctx)
	}
	died, err := acquire("the only one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acquire(""); !errors.Is(err, errHeld) {
		t.Errorf("another relay acquires with %v, want errHeld", err)
	}
	back, err := acquire("the only one")
	if err != nil || back.fence <= died.fence {
		t.Errorf("the holder that came back acquires %+v, %v", back, err)
	}
}
