package command

import (
	"context"
	"sync"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// turns lets the commands of this process on one stream go one after another:
// together they would only make each other's append conflict.
type turns struct {
	mu      *sync.Mutex
	streams map[event.Stream]*turn
}

type turn struct {
	taken chan struct{} // holds one element while somebody has the turn
	users int           // who has it or waits for it
}

func newTurns() turns { return turns{new(sync.Mutex), map[event.Stream]*turn{}} }

// take waits for the turn on stream; the caller gives it back by done.
func (t turns) take(ctx context.Context, stream event.Stream) (done func(), err error) {
	t.mu.Lock()
	mine := t.streams[stream]
	if mine == nil {
		mine = &turn{taken: make(chan struct{}, 1)}
		t.streams[stream] = mine
	}
	mine.users++
	t.mu.Unlock()

	select {
	case mine.taken <- struct{}{}:
		return func() { <-mine.taken; t.leave(stream, mine) }, nil
	case <-ctx.Done():
		t.leave(stream, mine)
		return nil, context.Cause(ctx)
	}
}

func (t turns) leave(stream event.Stream, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.users--; mine.users == 0 {
		delete(t.streams, stream)
	}
}

// inFlight knows the idempotency keys whose first request still runs in this process.
type inFlight struct{ keys *sync.Map }

type keyID struct {
	tenant      uuid.UUID
	scope, name string
}

func newInFlight() inFlight { return inFlight{new(sync.Map)} }

// claim returns false while another request with the same key runs.
func (f inFlight) claim(tenant uuid.UUID, key *eventstore.Key) (done func(), ok bool) {
	id := keyID{tenant, key.Scope, key.Name}
	_, busy := f.keys.LoadOrStore(id, struct{}{})
	return func() { f.keys.Delete(id) }, !busy
}
