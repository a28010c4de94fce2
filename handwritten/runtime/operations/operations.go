// Package operations is what operators see of a platform, and what they do to
// it, whichever processes serve it: its consumers, its outbox, its dead letters
// and its log. The command line shows it to people.
package operations

import (
	"context"
	"errors"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// ErrUnknown says that there is nothing of that name.
var ErrUnknown = errors.New("unknown name")

// Config says what is operated.
type Config struct {
	Store    *eventstore.Store
	Registry *projection.Store
	Bus      bus.Config
	Clock    func() time.Time
}

// Projection is a read model that can be rebuilt; *projection.Runner and
// *projection.Async are.
type Projection interface {
	// Consumer is its name with its version, e.g. "job.job_facts@1f0c9a52".
	Consumer() string
	// Rebuild folds the whole log again.
	Rebuild(ctx context.Context) error
}

// Operations are an operator's hands.
type Operations struct {
	config      Config
	projections []Projection
	reactions   []reaction.Definition
	// DeadLetters are what consumers could not handle.
	DeadLetters *reaction.DeadLetters
}

// New returns the operations of a platform.
func New(config Config) *Operations {
	return &Operations{config: config, DeadLetters: reaction.NewDeadLetters(config.Store, config.Clock)}
}

// Host says what this app has: only that can be rebuilt and replayed here. All of
// the platform's is listed. It is called before the operations are used.
func (o *Operations) Host(projections []Projection, reactions []reaction.Definition) {
	o.projections, o.reactions = projections, reactions
	o.DeadLetters = reaction.NewDeadLetters(o.config.Store, o.config.Clock, reactions...)
}

// Outbox tells how far the log is published.
func (o *Operations) Outbox(ctx context.Context) (outbox.Status, error) {
	return outbox.StatusOf(ctx, o.config.Store.Reader(), o.config.Bus.Platform)
}
