// Package command runs commands against aggregates: it loads a stream's state,
// lets a pure rule decide, and appends the events the rule asked for, with
// optimistic concurrency and idempotency keys.
package command

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Scope says whose tenant id an aggregate's streams carry.
type Scope uint8

const (
	// Tenant streams belong to the caller's tenant.
	Tenant Scope = iota
	// Self streams are their own tenant: the Tenant aggregate.
	Self
	// Platform streams belong to no tenant: the User aggregate.
	Platform
)

// Aggregate is all that the runtime has to know of one kind of aggregate.
// Generated code makes one per aggregate of the spec.
type Aggregate[S any] struct {
	// Module and Type name the aggregate, e.g. "job" and "Job".
	Module, Type string
	Scope        Scope
	// SnapshotEvery is the number of versions between snapshots; 0 for none.
	SnapshotEvery int
	// Schema identifies the state's shape; snapshots of another shape are ignored.
	Schema string
	// Decode makes an event of a recorded payload, upcasting older schema versions.
	Decode func(typ string, schemaVersion int, payload []byte) (event.Data, error)
	// Apply folds one event into the state.
	Apply func(*S, event.Data)
	// EncodeState appends the state to dst; DecodeState is its inverse.
	EncodeState func(*S, []byte) []byte
	DecodeState func(*S, []byte) error
	// Clone returns a deep copy.
	Clone func(*S) *S
	// Timers lists every timer the aggregate can have, with a zero Due where none is wanted; nil if it has none.
	Timers func(*S) []eventstore.Timer
	// Invariant refuses a state that no command may lead to; nil if there is none.
	Invariant func(*S) error
	// Inline are the projections kept in the append's own transaction.
	Inline []func(context.Context, pgx.Tx, []event.Recorded) error
}

// After returns the state that events lead to from before, which it leaves
// alone; the aggregate's invariant may refuse it.
func (a *Aggregate[S]) After(before *S, events ...event.Data) (*S, error) {
	after := a.Clone(before)
	for _, e := range events {
		a.Apply(after, e)
	}
	if a.Invariant != nil {
		if err := a.Invariant(after); err != nil {
			return nil, err
		}
	}
	return after, nil
}

// stream names the stream of id as caller (a tenant, or zero for the platform
// itself) may see it. Another tenant's own stream is answered as one that does not exist.
func (a *Aggregate[S]) stream(caller, id uuid.UUID) (event.Stream, error) {
	s := event.Stream{Module: a.Module, Type: a.Type, ID: id}
	switch a.Scope {
	case Tenant:
		s.Tenant = caller
	case Self:
		if caller != uuid.Nil && caller != id {
			return event.Stream{}, problem.NotFound(a.Type)
		}
		s.Tenant = id
	}
	return s, nil
}

// streamOf names the stream that a request is about. What it begins is nobody's
// yet: who has a tenant may open another.
func (a *Aggregate[S]) streamOf(req Request[S]) (event.Stream, error) {
	if req.Creates && a.Scope == Self {
		return a.stream(uuid.Nil, req.ID)
	}
	return a.stream(req.Tenant, req.ID)
}

// Decision is what a rule wants to happen.
type Decision[S any] struct {
	// Events are appended together; none means that nothing changes.
	Events []event.Data
	// Limits are those that the change may touch.
	Limits []Limit[S]
}

// Request is one command, ready to be decided.
type Request[S any] struct {
	// Tenant is the caller's; zero for the platform itself.
	Tenant uuid.UUID
	// ID is the aggregate's; of a creating command a new one.
	ID uuid.UUID
	// Creates demands that the stream does not exist yet; otherwise it must exist,
	// unless IfAbsent says that the command begins it where there is none.
	Creates, IfAbsent bool
	// Expected is the version that the caller has seen; nil if any will do.
	Expected *int64
	// Key makes the command happen once however often it is sent; nil if it has none.
	Key      *eventstore.Key
	Metadata event.Metadata
	// Decide is pure: it must not change s, which is nil where there is no aggregate
	// yet, and may be called again on a newer state.
	Decide func(s *S, now time.Time) (Decision[S], error)
}

// Outcome is the answer to a command. State is shared: read it, never change it.
type Outcome[S any] struct {
	ID      uuid.UUID
	State   *S
	Version int64
	// Position of the stream's last event; zero if only a snapshot of it was read.
	Position event.Position
	// Unchanged says that the rule asked for no event, Replayed that the answer
	// is that of an earlier request with the same key.
	Unchanged, Replayed bool
}

// Loaded is an aggregate at one version. State is shared: read it, never change it.
type Loaded[S any] struct {
	ID      uuid.UUID
	State   *S
	Version int64
	// Position is the last event's, At the time it was recorded; both zero where only a snapshot was read.
	Position event.Position
	At       time.Time
}

// existing is the state, or nil where no event has begun it.
func (l Loaded[S]) existing() *S {
	if l.Version == 0 {
		return nil
	}
	return l.State
}

// Caller is who gives a command, as rules and expressions see it.
type Caller struct {
	// Tenant is the caller's; zero for the platform itself.
	Tenant  uuid.UUID
	Subject string
	// User is the user that the caller is; nil for machines, reactions, timers and
	// the people of other issuers.
	User  *uuid.UUID
	Roles []string
}
