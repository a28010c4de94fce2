package projection

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// Letter is an event that a read model could not take, and why.
type Letter struct {
	Event event.Recorded
	Err   error
}

// parking knows the streams that are left out of a read model, each from its
// poison event on. It is part of the fold's state: it too is a function of the
// log, so it is stored before any row that was folded with it.
type parking struct {
	since   map[uuid.UUID]event.Position // by stream
	letters []Letter                     // parked since the last take
}

func newParking(since map[uuid.UUID]event.Position) *parking {
	if since == nil {
		since = map[uuid.UUID]event.Position{}
	}
	return &parking{since: since}
}

// holds reports whether the event is parked, itself or behind an earlier one.
func (p *parking) holds(e *event.Recorded) bool {
	since, parked := p.since[e.Stream.ID]
	return parked && !since.After(e.Position)
}

// park leaves the event's stream out from the event on.
func (p *parking) park(e *event.Recorded, err error) {
	p.since[e.Stream.ID] = e.Position
	p.letters = append(p.letters, Letter{Event: *e, Err: err})
}

func (p *parking) take() []Letter {
	letters := p.letters
	p.letters = nil
	return letters
}

// letterbox stores letters durably. It must be idempotent by event.
type letterbox func(ctx context.Context, letters []Letter) error

// guard turns a panic of a read model's own code into an error that says where.
func guard(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
	}
}
