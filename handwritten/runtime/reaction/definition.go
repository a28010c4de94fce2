// Package reaction turns events into commands, once in effect: a reaction's
// command claims the event in the inbox in the same transaction as its own
// events. What fails is retried, then parked as a dead letter together with all
// that follows in its stream; other streams go on.
package reaction

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Definition is one reaction of a module.
type Definition struct {
	// Name is unique in the platform, "<module>.<reaction>". It names the
	// consumer group, the inbox and the dead letters, so it must stay.
	Name string
	// Types are the event types reacted to.
	Types []string
	// Topic is empty for the platform's own events. Otherwise it is a topic that
	// others write as CloudEvents; see Foreign for how they become events.
	Topic string
	// Handle executes the reaction's command, which must carry Key. It may be
	// called again for the same event, and concurrently for different streams.
	Handle func(ctx context.Context, e event.Recorded) error
}

// InboxScope precedes the reaction's name in the scope of the keys that claim events.
const InboxScope = "inbox:"

// Key claims the event in the reaction's inbox. A command that carries it takes
// effect once, however often the event is delivered.
func (d Definition) Key(e event.Recorded) *eventstore.Key {
	return &eventstore.Key{Scope: InboxScope + d.Name, Name: e.ID.String(), Hash: sha256.Sum256(e.Payload)}
}

func (d Definition) wants(e event.Recorded) bool { return slices.Contains(d.Types, e.Type) }
