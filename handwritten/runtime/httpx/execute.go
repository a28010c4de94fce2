package httpx

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Command is a command as it came by HTTP.
type Command[S any] struct {
	// Operation is the command's name in the spec.
	Operation string
	// ID is the aggregate's, from the path or the input; zero where Creates asks for a new one.
	ID uuid.UUID
	// Creates and IfAbsent begin an aggregate; see command.Request.
	Creates, IfAbsent bool
	// IfMatch and IdempotencyKey are the headers as they came, empty if absent.
	IfMatch, IdempotencyKey string
	// RequireIfMatch refuses the command without If-Match.
	RequireIfMatch bool
	// Input is the decoded body, nil if there is none. An Idempotency-Key is
	// bound to it: the same key with another input is refused.
	Input any
	// Decide is the rule; see command.Request.
	Decide func(s *S, now time.Time) (command.Decision[S], error)
}

// Execute runs c for the principal of ctx.
func Execute[S any](ctx context.Context, repo *command.Repository[S], c Command[S]) (command.Outcome[S], error) {
	expected, err := ParseIfMatch(c.IfMatch)
	if err != nil {
		return command.Outcome[S]{}, err
	}
	if expected == nil && c.RequireIfMatch {
		return command.Outcome[S]{}, errIfMatchRequired()
	}
	caller := Caller(ctx)
	key, err := c.key(caller)
	if err != nil {
		return command.Outcome[S]{}, err
	}
	id := c.ID
	if c.Creates && id == uuid.Nil {
		if id, err = newID(repo.Scope(), caller, key); err != nil {
			return command.Outcome[S]{}, err
		}
	}
	return repo.Execute(ctx, command.Request[S]{
		Tenant: caller.Tenant, ID: id, Creates: c.Creates, IfAbsent: c.IfAbsent, Expected: expected,
		Key: key, Metadata: Metadata(ctx), Decide: c.Decide,
	})
}

// key binds the Idempotency-Key to the principal, the operation and the content.
func (c *Command[S]) key(caller command.Caller) (*eventstore.Key, error) {
	if c.IdempotencyKey == "" {
		return nil, nil
	}
	if err := checkKey(c.IdempotencyKey); err != nil {
		return nil, err
	}
	input, err := json.Marshal(c.Input)
	if err != nil {
		return nil, fmt.Errorf("httpx: %s: hash the request: %w", c.Operation, err)
	}
	return &eventstore.Key{
		Scope: "http:" + caller.Subject + ":" + c.Operation,
		Name:  c.IdempotencyKey,
		Hash:  sha256.Sum256(append(c.ID[:], input...)),
	}, nil
}

// newID makes the id of a new aggregate. Keys are kept per tenant, and an
// aggregate that is its own tenant has none before it exists: there the id
// follows from the key, so that a repeated command finds its first answer.
func newID(scope command.Scope, caller command.Caller, key *eventstore.Key) (uuid.UUID, error) {
	if scope == command.Self && key != nil {
		return uuid.NewSHA1(caller.Tenant, []byte(key.Scope+"\x00"+key.Name)), nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("httpx: make an id: %w", err)
	}
	return id, nil
}
