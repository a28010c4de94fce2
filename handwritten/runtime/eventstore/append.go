package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// Key makes an append happen once: an idempotency key of a request (scope
// "http:<principal>:<operation>") or an inbox claim (scope "inbox:<consumer>",
// name the event's id). It is unique within the stream's tenant.
type Key struct {
	Scope, Name string
	// Hash of the content: the same key with another hash is refused.
	Hash [32]byte
}

// Timer is a stream's wish to be woken. One that is not Due (the zero time) is cleared.
type Timer struct {
	Name string
	Due  time.Time
}

// Limit moves a counter that many streams of a tenant share.
type Limit struct {
	// Scope is what a tenant has a counter each for; empty where it has one in all.
	Name, Scope string
	// Delta is added. An append that leads beyond Bound in its direction, above it
	// or, by a negative Delta, below it, is refused; a negative Bound is none.
	Delta, Bound int64
	// What the refused client is told.
	Status        int
	Code, Message string
}

// Append is what one command adds to one stream, all of it or nothing.
type Append struct {
	Stream event.Stream
	// Expected is the version that the command was decided upon; 0 says that the stream must not exist yet.
	Expected int64
	// Events may be empty when there is a Key: "nothing changed" is remembered too.
	Events []event.Data
	// At is when the events happened; the zero time stands for the store's clock.
	At       time.Time
	Metadata event.Metadata
	Key      *Key
	Timers   []Timer
	Limits   []Limit
	// Inline functions run in the append's transaction, in order, after its events were inserted.
	// An error they return undoes the append and is returned, wrapped.
	Inline []func(context.Context, pgx.Tx, []event.Recorded) error
}

// Result tells what an append did.
type Result struct {
	StreamID uuid.UUID
	// Version of the stream after the append.
	Version int64
	// Position of the stream's last event; zero if it has none.
	Position event.Position
	// Events as they were recorded; none if Replayed.
	Events []event.Recorded
	// Replayed says that the key was used before, for the same content: the other fields are that first append's.
	Replayed bool
}

// Append adds events to a stream. It returns a *ConflictError when the stream is
// not at the expected version, ErrKeyReused, a *LimitError, ErrUncounted, an
// inline function's error, or another one that is not the command's fault. When
// ctx ends while the append is under way, it happens once or not at all.
//
// Appends wait for Run; those with limits or inline functions run in
// transactions of their own.
func (s *Store) Append(ctx context.Context, a Append) (Result, error) {
	c, err := newCommand(a, cmp.Or(a.At, s.now()).UTC().Truncate(time.Microsecond))
	if err != nil {
		return Result{}, err
	}
	commit := s.commitTogether
	if c.needsOwnTransaction() {
		commit = s.commitAlone
	}
	result, err := commit(ctx, c)
	var conflict *ConflictError
	if a.Key != nil && errors.As(err, &conflict) {
		result, err = s.answerBefore(ctx, c, err)
	}
	if err != nil {
		return Result{}, fmt.Errorf("append to %s.%s %s: %w", a.Stream.Module, a.Stream.Type, a.Stream.ID, err)
	}
	if len(result.Events) > 0 {
		s.config.Committed()
	}
	return result, nil
}

// answerBefore looks whether a conflict was with the command's own first
// attempt, which a replica may have committed in the meantime.
func (s *Store) answerBefore(ctx context.Context, c *command, conflict error) (Result, error) {
	first, hash, found, err := s.FindKey(ctx, c.Stream.Tenant, c.Key.Scope, c.Key.Name)
	switch {
	case err != nil:
		return Result{}, err
	case !found:
		return Result{}, conflict
	case hash != c.Key.Hash:
		return Result{}, ErrKeyReused
	}
	return first, nil
}

// command is an append made ready for the database.
type command struct {
	Append
	events []event.Recorded // positions are missing
	at     time.Time
	size   int // bytes of payload
}

func newCommand(a Append, now time.Time) (*command, error) {
	if a.Expected < 0 {
		return nil, fmt.Errorf("append to stream %s: expected version %d is negative", a.Stream.ID, a.Expected)
	}
	if len(a.Events) == 0 && a.Key == nil {
		return nil, fmt.Errorf("append to stream %s: there are neither events nor a key to remember", a.Stream.ID)
	}
	c := &command{Append: a, at: now, events: make([]event.Recorded, len(a.Events))}
	for i, data := range a.Events {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an event id: %w", err)
		}
		c.events[i] = event.Recorded{
			ID: id, Stream: a.Stream, Version: a.Expected + int64(i) + 1, Type: data.EventType(), SchemaVersion: data.SchemaVersion(),
			Published: data.Published(), Payload: data.AppendJSON(nil), Metadata: a.Metadata, At: now,
		}
		c.size += len(c.events[i].Payload)
	}
	return c, nil
}

// needsOwnTransaction tells whether neighbours could suffer from this command:
// inline functions may fail, and counters are locked until the commit.
func (c *command) needsOwnTransaction() bool {
	for _, l := range c.Limits {
		if l.Delta != 0 {
			return true
		}
	}
	return len(c.Inline) > 0
}
