// Package operations is what operators see of a platform, and what they do to
// it, whichever processes serve it: its consumers, its outbox, its dead letters
// and its log. The command line shows it to people, and the operators' API to
// programs.
//
// What is to be done by the process that has a projection or a reaction, such as
// a rebuild, is wished here and done there. Everything that operators do is in
// the audit trail before it is done.
package operations

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
	signin "github.com/oksai/oksai/handwritten/runtime/signin/audit"
)

// ErrUnknown says that there is nothing of that name.
var ErrUnknown = errors.New("unknown name")

// Config says what is operated.
type Config struct {
	Store    *eventstore.Store
	Registry *projection.Store
	Audit    *audit.Store
	Bus      bus.Config
	Clock    func() time.Time
}

// Operations are an operator's hands.
type Operations struct {
	config  Config
	letters *reaction.DeadLetters
}

// New returns the operations of a platform.
func New(config Config) *Operations {
	return &Operations{config, reaction.NewDeadLetters(config.Store, config.Clock)}
}

// Outbox tells how far the log is published.
func (o *Operations) Outbox(ctx context.Context) (outbox.Status, error) {
	return outbox.StatusOf(ctx, o.config.Store.Reader(), o.config.Bus.Platform)
}

// note puts what an operator is about to do into the audit trail.
func (o *Operations) note(ctx context.Context, by, action string, tenant uuid.UUID, target string) error {
	return o.config.Audit.RecordAlone(ctx, audit.Entry{
		Event: signin.Event{Kind: audit.OperatorActed, By: by, Tenant: tenant}, Action: action, Target: target,
	})
}
