package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// maxAttempts bounds how often a command is decided anew because another
// process changed the stream in between.
const maxAttempts = 8

// Execute lets req decide on the current state and appends its events.
//
// Refusals are *problem.Error: the rule's own, NotFound, Stale where Expected is
// not the current version, Conflict where others kept changing the stream,
// KeyReused and KeyInFlight, and a limit's refusal.
func (r *Repository[S]) Execute(ctx context.Context, req Request[S]) (Outcome[S], error) {
	stream, err := r.agg.streamOf(req)
	if err != nil {
		return Outcome[S]{}, err
	}
	if req.Key != nil {
		done, ok := r.inFlight.claim(stream.Tenant, req.Key)
		if !ok {
			return Outcome[S]{}, problem.KeyInFlight()
		}
		defer done()
		if out, found, err := r.replay(ctx, stream, req.Key); found || err != nil {
			return out, err
		}
	}
	done, err := r.turns.take(ctx, stream)
	if err != nil {
		return Outcome[S]{}, fmt.Errorf("execute on %s %s: wait for its turn: %w", r.agg.Type, req.ID, err)
	}
	defer done()
	return r.decideAndAppend(ctx, stream, req)
}

// decideAndAppend tries first with the cached state, which saves asking for the
// head: if it is old the append conflicts. Any other answer than an append is
// only given on a state that was checked.
func (r *Repository[S]) decideAndAppend(ctx context.Context, stream event.Stream, req Request[S]) (Outcome[S], error) {
	if cached, ok := r.cache.Get(stream); ok && !req.Creates {
		out, err := r.attempt(ctx, stream, req, cached, false)
		if err == nil {
			return out, nil
		}
		if !errors.Is(err, errUnchecked) && !isConflict(err) {
			return Outcome[S]{}, r.explain(req, err)
		}
	}
	var last error
	for range maxAttempts {
		base, err := r.base(ctx, stream, req)
		if err != nil {
			return Outcome[S]{}, err
		}
		out, err := r.attempt(ctx, stream, req, base, true)
		if err == nil {
			return out, nil
		}
		if !isConflict(err) {
			return Outcome[S]{}, r.explain(req, err)
		}
		last = err
		if req.Creates || req.Expected != nil {
			break
		}
	}
	return Outcome[S]{}, r.explain(req, last)
}

func (r *Repository[S]) base(ctx context.Context, stream event.Stream, req Request[S]) (Loaded[S], error) {
	if req.Creates {
		return r.empty(req.ID), nil
	}
	now, err := r.current(ctx, stream)
	if req.IfAbsent && isNotFound(err) {
		return r.empty(req.ID), nil
	}
	return now, err
}

// errUnchecked asks for the same attempt on a state that was compared with the head.
var errUnchecked = errors.New("decided on a cached state that may be old")

func (r *Repository[S]) attempt(ctx context.Context, stream event.Stream, req Request[S], base Loaded[S], checked bool) (Outcome[S], error) {
	if req.Expected != nil && *req.Expected != base.Version {
		if !checked {
			return Outcome[S]{}, errUnchecked
		}
		return Outcome[S]{}, problem.Stale()
	}
	// Microseconds are what the log keeps: the state folded now must equal the one folded from the log.
	now := r.clock().UTC().Truncate(time.Microsecond)
	decision, after, err := r.decide(req, base, now)
	if !checked && (err != nil || len(decision.Events) == 0) {
		return Outcome[S]{}, errUnchecked
	}
	if err != nil {
		return Outcome[S]{}, err
	}
	if len(decision.Events) == 0 && req.Key == nil {
		return Outcome[S]{ID: req.ID, State: base.State, Version: base.Version, Position: base.Position, Unchanged: true}, nil
	}
	return r.append(ctx, stream, req, base, decided[S]{decision, now, after})
}

// decided is a decision with the time it was made at and the state it leads to.
type decided[S any] struct {
	Decision[S]
	at    time.Time
	after *S
}

func (d *decided[S]) limits(ctx context.Context, base Loaded[S]) (moved []eventstore.Limit, err error) {
	if len(d.Events) == 0 {
		return nil, nil
	}
	for _, limit := range d.Limits {
		some, err := limit.moves(ctx, base.existing(), d.after)
		if err != nil {
			return nil, err
		}
		moved = append(moved, some...)
	}
	return moved, nil
}

func (r *Repository[S]) append(ctx context.Context, stream event.Stream, req Request[S], base Loaded[S], d decided[S]) (Outcome[S], error) {
	batch := eventstore.Append{
		Stream: stream, Expected: base.Version, Events: d.Events, At: d.at,
		Metadata: req.Metadata, Key: req.Key, Inline: r.agg.Inline,
		Timers: r.movedTimers(base.State, d.after),
	}
	var err error
	if batch.Limits, err = d.limits(ctx, base); err != nil {
		return Outcome[S]{}, err
	}
	result, err := r.appendCounted(ctx, batch, d.Limits)
	if err != nil {
		return Outcome[S]{}, err
	}
	if result.Replayed {
		return r.replayed(ctx, stream, result)
	}
	if n := len(result.Events); n > 0 {
		now := Loaded[S]{ID: req.ID, State: d.after, Version: result.Version, Position: result.Position, At: result.Events[n-1].At}
		r.remember(stream, base.Version, now)
	}
	return Outcome[S]{ID: req.ID, State: d.after, Version: result.Version, Position: result.Position, Unchanged: len(d.Events) == 0}, nil
}

// decide asks the rule, and checks the invariants of the state that it leads to.
func (r *Repository[S]) decide(req Request[S], base Loaded[S], now time.Time) (d Decision[S], after *S, err error) {
	if d, err = req.Decide(base.existing(), now); err != nil || len(d.Events) == 0 {
		return d, base.State, err
	}
	after, err = r.agg.After(base.State, d.Events...)
	return d, after, err
}

// movedTimers returns the timers whose due time the change moves.
func (r *Repository[S]) movedTimers(before, after *S) (moved []eventstore.Timer) {
	if r.agg.Timers == nil || before == after {
		return nil
	}
	was := map[string]time.Time{}
	for _, t := range r.agg.Timers(before) {
		was[t.Name] = t.Due
	}
	for _, t := range r.agg.Timers(after) {
		if !t.Due.Equal(was[t.Name]) {
			moved = append(moved, t)
		}
	}
	return moved
}

// replay answers a command whose key was used before, without deciding again.
func (r *Repository[S]) replay(ctx context.Context, stream event.Stream, key *eventstore.Key) (Outcome[S], bool, error) {
	result, hash, found, err := r.store.FindKey(ctx, stream.Tenant, key.Scope, key.Name)
	if err != nil {
		return Outcome[S]{}, false, fmt.Errorf("execute on %s: look up the idempotency key: %w", r.agg.Type, err)
	}
	if !found {
		return Outcome[S]{}, false, nil
	}
	if hash != key.Hash {
		return Outcome[S]{}, true, problem.KeyReused()
	}
	out, err := r.replayed(ctx, stream, result)
	return out, true, err
}

// replayed is the first answer again: the state as it was then, not as it is now.
func (r *Repository[S]) replayed(ctx context.Context, stream event.Stream, first eventstore.Result) (Outcome[S], error) {
	stream.ID = first.StreamID
	then, err := r.at(ctx, stream, first.Version)
	if err != nil {
		return Outcome[S]{}, err
	}
	return Outcome[S]{ID: first.StreamID, State: then.State, Version: first.Version, Position: first.Position, Replayed: true}, nil
}

func isConflict(err error) bool {
	var conflict *eventstore.ConflictError
	return errors.As(err, &conflict)
}

// explain turns the store's errors into what a client is told.
func (r *Repository[S]) explain(req Request[S], err error) error {
	var refusal *problem.Error
	var limit *eventstore.LimitError
	switch {
	case errors.As(err, &refusal):
		return err
	case isConflict(err) && req.Expected != nil:
		return problem.Stale().Because(err)
	case isConflict(err) && req.Creates:
		return problem.AlreadyExists(r.agg.Type).Because(err)
	case isConflict(err):
		return problem.Conflict().Because(err)
	case errors.Is(err, eventstore.ErrKeyReused):
		return problem.KeyReused().Because(err)
	case errors.As(err, &limit):
		return problem.Refusal(limit.Limit.Status, limit.Limit.Code, limit.Limit.Message).Because(err)
	case errors.Is(err, eventstore.ErrUnknownOutcome):
		return problem.New(503, "OUTCOME_UNKNOWN", "Outcome unknown",
			"the command happened once or not at all; send it again with the same Idempotency-Key to find out which").Because(err)
	case errors.Is(err, eventstore.ErrUnavailable), errors.Is(err, eventstore.ErrStopped):
		return problem.Unavailable("the command was not run; retry shortly").Because(err)
	}
	return fmt.Errorf("execute on %s %s: %w", r.agg.Type, req.ID, err)
}
