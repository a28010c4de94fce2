package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// errReplayed undoes a transaction that found its key already used.
var errReplayed = errors.New("the key was used before")

// tries is how often a transaction that lost a race is tried in all.
const tries = 3

// commitAlone runs a command in a transaction of its own.
func (s *Store) commitAlone(ctx context.Context, c *command) (Result, error) {
	for try := 1; ; try++ {
		result, err := s.tryAlone(ctx, c)
		if err == nil || try == tries || !lostRace(err) {
			return result, err
		}
	}
}

func (s *Store) tryAlone(ctx context.Context, c *command) (Result, error) {
	var out outcome
	decided := false // nothing but the commit is left to do
	err := s.InTenants(ctx, []uuid.UUID{c.Stream.Tenant}, func(tx pgx.Tx) error {
		queries := db.New(tx)
		rows, err := queries.AppendBatch(ctx, batchParams([]*command{c}))
		if err != nil {
			return err
		}
		if out = c.outcome(rows); out.err != nil {
			return out.err
		}
		if out.result.Replayed {
			return errReplayed
		}
		if err := moveLimits(ctx, queries, c); err != nil {
			return err
		}
		for _, inline := range c.Inline {
			if err := inline(ctx, tx, c.events); err != nil {
				return fmt.Errorf("inline projection: %w", err)
			}
		}
		decided = true
		return nil
	})
	switch {
	case errors.Is(err, errReplayed):
		return out.result, nil
	case err != nil && decided && !lostRace(err):
		return Result{}, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	case err != nil:
		return Result{}, err
	}
	return out.result, nil
}

// moveLimits moves the counters in one order for all, so that two commands
// cannot each hold what the other wants.
func moveLimits(ctx context.Context, queries *db.Queries, c *command) error {
	limits := slices.SortedFunc(slices.Values(c.Limits), func(a, b Limit) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Scope, b.Scope))
	})
	for _, l := range limits {
		value, counted, err := first(queries.MoveLimit(ctx, db.MoveLimitParams{TenantID: c.Stream.Tenant, Name: l.Name, Scope: l.Scope, Delta: l.Delta}))
		switch {
		case err != nil:
			return fmt.Errorf("move limit %s: %w", l.Name, err)
		case !counted:
			return fmt.Errorf("limit %s: %w", l.Name, ErrUncounted)
		case l.refuses(value):
			return &LimitError{Limit: l}
		}
	}
	return nil
}
