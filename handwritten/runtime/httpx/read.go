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

// Maybe is a parameter that a client may leave out, as ogen's optional types are.
type Maybe[T any] interface{ Get() (T, bool) }

// Of returns the limit that the client gave, or the default one.
func (l Limits) Of(given Maybe[int32]) (int, error) {
	limit, ok := given.Get()
	if !ok {
		return l.Default, nil
	}
	n := int(limit)
	if n < 1 || n > l.Max {
		return 0, invalidQuery("limit", "INVALID_LIMIT", fmt.Sprintf("is %d; use 1 to %d", n, l.Max))
	}
	return n, nil
}

// Get returns the current state of id as the principal of ctx may see it.
func Get[S any](ctx context.Context, repo *command.Repository[S], id uuid.UUID) (command.Loaded[S], error) {
	return repo.Load(ctx, Tenant(ctx), id)
}

// AsOf returns the state of id at a version or at a time, exactly one of the two.
func AsOf[S any](ctx context.Context, repo *command.Repository[S], id uuid.UUID, version Maybe[int64], at Maybe[time.Time]) (command.Loaded[S], error) {
	v, byVersion := version.Get()
	t, byTime := at.Get()
	switch {
	case byVersion == byTime:
		return command.Loaded[S]{}, invalidQuery("version", "ONE_OF", "give either a version or a time")
	case byVersion && v < 1:
		return command.Loaded[S]{}, invalidQuery("version", "OUT_OF_RANGE", "is less than 1, the first version")
	case byVersion:
		return repo.At(ctx, Tenant(ctx), id, v)
	}
	return repo.AtTime(ctx, Tenant(ctx), id, t)
}

func invalidQuery(name, code, message string) error {
	return problem.Invalid(problem.FieldError{Pointer: "query/" + name, Code: code, Message: message})
}

// History returns a page of the events of id, oldest first.
func History[S any](ctx context.Context, repo *command.Repository[S], id uuid.UUID, size Maybe[int32], cursor string, bounds Limits, cursors *Cursors) (Page[event.Recorded], error) {
	limit, err := bounds.Of(size)
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
