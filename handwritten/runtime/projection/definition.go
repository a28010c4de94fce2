package projection

import "github.com/oksai/oksai/handwritten/runtime/event"

// Effect is what an event does to its row.
type Effect int

const (
	// Keep writes the row as Apply left it.
	Keep Effect = iota
	// Delete removes the row. A later event may start it anew.
	Delete
	// Skip leaves the row as it was, whatever Apply did to it.
	Skip
)

// Definition is one read model with a row of type R per key K; the key's scope is
// the tenant. Generated code makes it.
//
// Key and Apply must be pure functions of their arguments: the same log gives
// the same rows, live or rebuilt. Apply must not write into arrays the row
// already has; Append, Add and Remove do not.
type Definition[K comparable, R any] struct {
	Table Table
	// Decode returns nil, nil for an event this read model does not take.
	Decode func(e *event.Recorded) (event.Data, error)
	// Key returns false if the event concerns no row.
	Key func(e *event.Recorded, data event.Data) (K, bool)
	// New is a row with its key columns set.
	New func(key K) R
	// Apply folds the event into the row. exists is false for a row that was never
	// written, or was deleted; it is then New(key). An error parks the event's stream.
	Apply func(row *R, exists bool, e *event.Recorded, data event.Data) (Effect, error)
	// KeyOf reads the key back from a row that came from ClickHouse.
	KeyOf func(row *R) K
	// KeyValues are the key's columns in the order of Table.Key.
	KeyValues func(key K) []any
	// Values are the row's columns in the order of Table.Columns; Scan points at them.
	Values, Scan func(row *R) []any
}

// Model returns the definition without its type parameters.
func (d Definition[K, R]) Model() Model { return keyedModel[K, R]{d} }
