package projection

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// rowID identifies a row: keys are unique within their tenant only.
type rowID[K comparable] struct {
	tenant uuid.UUID
	key    K
}

// state is a row as the fold knows it. The zero position is a row that was never written.
type state[R any] struct {
	row      R
	position event.Position
	deleted  bool
}

func (s *state[R]) exists() bool { return !s.position.IsZero() && !s.deleted }

// change is an event on its way to a row; err is why it could not be read.
type change[K comparable] struct {
	event *event.Recorded
	data  event.Data
	id    rowID[K]
	err   error
}

// changes reads the batch: which of its events concern which rows. Events of
// other types are left out.
func (d Definition[K, R]) changes(events []event.Recorded) []change[K] {
	found := make([]change[K], 0, len(events))
	for i := range events {
		if c, concerned := d.change(&events[i]); concerned {
			found = append(found, c)
		}
	}
	return found
}

func (d Definition[K, R]) change(e *event.Recorded) (c change[K], concerned bool) {
	data, err := d.decode(e)
	if err == nil && data == nil {
		return c, false
	}
	c = change[K]{event: e, data: data, err: err}
	if err == nil {
		c.id, concerned, c.err = d.id(e, data)
	}
	return c, concerned || c.err != nil
}

func (d Definition[K, R]) decode(e *event.Recorded) (data event.Data, err error) {
	defer guard(&err)
	return d.Decode(e)
}

func (d Definition[K, R]) id(e *event.Recorded, data event.Data) (id rowID[K], concerned bool, err error) {
	defer guard(&err)
	key, concerned := d.Key(e, data)
	return rowID[K]{e.Stream.Tenant, key}, concerned, nil
}

// fold applies the changes, in log order, to rows, and returns the ids of the
// rows that came out different. It is the only place where rows are made.
func (d Definition[K, R]) fold(changes []change[K], rows map[rowID[K]]*state[R], parked *parking) []rowID[K] {
	var order []rowID[K]
	touched := map[rowID[K]]bool{}
	for i := range changes {
		c := &changes[i]
		if parked.holds(c.event) {
			continue
		}
		effect, err := Skip, c.err
		if err == nil {
			effect, err = d.step(c, rows[c.id])
		}
		if err != nil {
			parked.park(c.event, fmt.Errorf("%s cannot take %s, version %d of stream %s: %w", d.Table.Projection(), c.event.Type, c.event.Version, c.event.Stream.ID, err))
			continue
		}
		if effect != Skip && !touched[c.id] {
			touched[c.id] = true
			order = append(order, c.id)
		}
	}
	return order
}

// step folds one event into its row, or leaves the row untouched.
func (d Definition[K, R]) step(c *change[K], s *state[R]) (effect Effect, err error) {
	if !c.event.Position.After(s.position) {
		return Skip, nil // redelivered: the row has it
	}
	defer guard(&err)
	row, exists := s.row, s.exists()
	if !exists {
		row = d.New(c.id.key)
	}
	effect, err = d.Apply(&row, exists, c.event, c.data)
	if err != nil || effect == Skip {
		return Skip, err
	}
	if effect == Delete {
		row = d.New(c.id.key) // a tombstone holds no data of what it stands for
	}
	*s = state[R]{row: row, position: c.event.Position, deleted: effect == Delete}
	return effect, nil
}
