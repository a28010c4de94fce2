package eventstore

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

var (
	// ErrKeyReused says that the key came with other content before.
	ErrKeyReused = errors.New("the key was used for other content before: use a new key for a new command")
	// ErrStopped says that the store's Run has ended; nothing was appended.
	ErrStopped = errors.New("the event store has stopped: send the command to a running replica")
	// ErrUnavailable says that the database cannot be reached; nothing was appended.
	ErrUnavailable = errors.New("the event store's database cannot be reached: retry shortly")
	// ErrUnknownOutcome says that the append happened once or not at all;
	// repeating it with the same key finds out which.
	ErrUnknownOutcome = errors.New("it is not known whether the events were appended: repeat the command with the same key to find out")
	// ErrUncounted says that a limit of an append has not begun in the tenant.
	ErrUncounted = errors.New("the tenant's streams were not counted for it yet: count them, call BeginLimit and append again")
	// ErrFenced says that another process has taken over, or that a position would go back.
	ErrFenced = errors.New("another process owns this checkpoint now: stop, and claim it again before going on")
)

// ConflictError says that a stream is not at the version that an append
// expected: load it again, decide again.
type ConflictError struct {
	Stream   event.Stream
	Expected int64
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream %s.%s %s is not at version %d: load it again and retry", e.Stream.Module, e.Stream.Type, e.Stream.ID, e.Expected)
}

// LimitError says that an append would have moved a counter beyond its bound.
type LimitError struct{ Limit Limit }

func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %s of %q: moving it by %d would lead beyond %d", e.Limit.Name, e.Limit.Scope, e.Limit.Delta, e.Limit.Bound)
}

// PostgreSQL's codes for what a second try can cure, or what tells of a lock.
const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
)

// lostRace reports whether a transaction failed only because another one came
// first: it took the same key, or closed a circle of locks. A second try finds
// that one's effects. Uniqueness in an inline projection's table is no race but
// an answer.
func lostRace(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == serializationFailure || e.Code == deadlockDetected ||
		e.Code == uniqueViolation && e.SchemaName == "oksai"
}
