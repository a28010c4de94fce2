// Package operations is what operators see of a platform, and what they do to
// it, whichever processes serve it: its consumers, its outbox, its dead letters
// and its log. The command line shows it to people.
package operations

import (
	"context"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// Config says what is operated. Projections and Reactions are those of one app:
// only they can be rebuilt and replayed here. All of the platform's are listed.
type Config struct {
	Store       *eventstore.Store
	Registry    *projection.Store
	Bus         bus.Config
	Projections []Projection
	Reactions   []reaction.Definition
	Clock       func() time.Time
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
	config Config
	// DeadLetters are what consumers could not handle.
	DeadLetters *reaction.DeadLetters
}

// New returns the operations of an app.
func New(config Config) *Operations {
	return &Operations{config: config, DeadLetters: reaction.NewDeadLetters(config.Store, config.Clock, config.Reactions...)}
}

// Outbox tells how far the log is published.
func (o *Operations) Outbox(ctx context.Context) (outbox.Status, error) {
	return outbox.StatusOf(ctx, o.config.Store.Reader(), o.config.Bus.Platform)
}
