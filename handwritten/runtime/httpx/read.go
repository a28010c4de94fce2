package httpx

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// Next is the cursor of the page that follows; empty on the last one.
	Next string
}

// Limits bound how many items a page may have.
type Limits struct{ Default, Max int }

// Of returns the limit to use for n, which is 0 where the client gave none.
func (l Limits) Of(n int) (int, error) {
	if n == 0 {
		return l.Default, nil
	}
	if n < 1 || n > l.Max {
		return 0, problem.Invalid(problem.FieldError{Pointer: "query/limit", Code: "INVALID_LIMIT", Message: fmt.Sprintf("is %d; use 1 to %d", n, l.Max)})
	}
	return n, nil
}

// Get returns the current state of id as the principal of ctx may see it.
func Get[S any](ctx context.Context, repo *command.Repository[S], id uuid.UUID) (command.Loaded[S], error) {
	return repo.Load(ctx, Tenant(ctx), id)
}

// AsOf returns the state of id at a version (0: not given) or a time (zero: not given), exactly one of the two.
func AsOf[S any](ctx context.Context, repo *command.Repository[S], id uuid.UUID, version int64, at time.Time) (command.Loaded[S], error) {
	if (version == 0) == at.IsZero() {
		return command.Loaded[S]{}, problem.Invalid(problem.FieldError{Pointer: "query/version", Code: "ONE_OF", Message: "give either a version or a time"})
	}
	if version != 0 {
		return repo.At(ctx, Tenant(ctx), id, version)
	}
	return repo.AtTime(ctx, Tenant(ctx), id, at)
}

// History returns a page of the events of id, oldest first.
func History[S any](ctx context.Context, repo *command.Repository[S], id uuid.UUID, limit int, cursor string, bounds Limits, cursors *Cursors) (Page[event.Recorded], error) {
	limit, err := bounds.Of(limit)
	if err != nil {
		return Page[event.Recorded]{}, err
	}
	bind, from := CursorBind(ctx, "history", id.String()), int64(1)
	if cursor != "" {
		payload, err := cursors.Open(bind, cursor)
		if err != nil {
			return Page[event.Recorded]{}, err
		}
		from = int64(binary.BigEndian.Uint64(payload))
	}
	events, err := repo.History(ctx, Tenant(ctx), id, from, limit+1) // one more tells whether there is a next page
	if err != nil || len(events) <= limit {
		return Page[event.Recorded]{Items: events}, err
	}
	next := binary.BigEndian.AppendUint64(nil, uint64(events[limit].Version))
	return Page[event.Recorded]{Items: events[:limit], Next: cursors.Seal(bind, next)}, nil
}

// Waiter waits until a read model has seen a position.
type Waiter interface {
	Wait(ctx context.Context, consumer string, tenant uuid.UUID, p event.Position) error
}

// Await waits until consumer's read model has the write that token is of; an
// empty token is no wish to wait.
func Await(ctx context.Context, w Waiter, consumer, token string) error {
	if token == "" {
		return nil
	}
	p, err := event.ParseToken(token)
	if err != nil {
		return problem.New(400, "INVALID_CONSISTENCY_TOKEN", "Invalid consistency token", "%s", err).Because(err)
	}
	return w.Wait(ctx, consumer, Tenant(ctx), p)
}
