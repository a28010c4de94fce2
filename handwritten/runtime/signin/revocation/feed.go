package revocation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

const (
	// Interval between two polls, which Run of package signin keeps.
	Interval = time.Second
	// MaxStale is the promise: what was revoked longer ago is refused everywhere.
	// A feed that has not heard from the database for that long cannot keep it,
	// and lets nobody in: for a few seconds without the database the platform
	// goes on, for longer it cannot work anyway, except for reads, which must not
	// become the way in for those who were locked out.
	MaxStale = 5 * time.Second
)

// ErrRevoked says that a session, user or key is not admitted any more.
var ErrRevoked = errors.New("revoked")

// Feed is what one replica knows of revocations.
type Feed struct {
	db    eventstore.DB
	clock func() time.Time

	polling sync.Mutex // one poll at a time; guards cursor
	cursor  uint64

	mu      sync.RWMutex
	refused map[name]refusal
	asOf    time.Time // everything committed before is known
}

type refusal struct {
	until *time.Time // nil for until it is lifted
	below int64      // of which versions
}

func (r refusal) is(of Subject, now time.Time) bool {
	return of.version < r.below && (r.until == nil || now.Before(*r.until))
}

// NewFeed knows nothing, and so refuses everybody, until its first Poll.
func NewFeed(db eventstore.DB, clock func() time.Time) *Feed {
	return &Feed{db: db, clock: clock, refused: map[name]refusal{}}
}

// Check returns nil if none of subjects is revoked, ErrRevoked if one is, and
// problem 503 if the feed is too old to tell.
func (f *Feed) Check(subjects ...Subject) error {
	now := f.clock()
	f.mu.RLock()
	defer f.mu.RUnlock()
	if age := now.Sub(f.asOf); age > MaxStale {
		return problem.Unavailable("it cannot be told now who may still come in; retry shortly").
			Because(fmt.Errorf("revocations were last read %v ago, and the limit is %v", age, MaxStale))
	}
	for _, s := range subjects {
		if f.refused[s.name].is(s, now) {
			return fmt.Errorf("%s %s: %w", s.kind, s.id, ErrRevoked)
		}
	}
	return nil
}

// Changes are found by the transaction that made them. One that is still running
// has an id at or beyond pg_snapshot_xmin, so that the next poll, which begins
// there, sees what it commits; a time or a sequence number would skip it.
const pollSQL = `
SELECT pg_snapshot_xmin(pg_current_snapshot()), r.kind, r.id, r.until, r.below
FROM (SELECT) one LEFT JOIN oksai_identity.revocations r ON r.xid >= $1`

// Poll reads what has changed since the last one.
func (f *Feed) Poll(ctx context.Context) error {
	f.polling.Lock()
	defer f.polling.Unlock()
	started := f.clock() // what is read is at least as new
	since := f.cursor
	if f.missed(started) {
		since = 0
	}
	next, changes, err := f.read(ctx, since)
	if err != nil {
		return fmt.Errorf("poll for revocations: %w", err)
	}
	if next < since { // a restored cluster counts from the beginning
		if next, changes, err = f.read(ctx, 0); err != nil {
			return fmt.Errorf("poll for all revocations: %w", err)
		}
		since = 0
	}
	f.cursor = next
	f.apply(changes, since == 0, started)
	return nil
}

// missed tells whether rows may have been forgotten since the last poll.
func (f *Feed) missed(now time.Time) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return now.Sub(f.asOf) > Memory
}

type change struct {
	name
	refusal
}

func (f *Feed) read(ctx context.Context, since uint64) (next uint64, changes []change, err error) {
	rows, err := f.db.Query(ctx, pollSQL, since)
	if err != nil {
		return 0, nil, err
	}
	var kind, id *string
	var until *time.Time
	var below *int64
	_, err = pgx.ForEachRow(rows, []any{&next, &kind, &id, &until, &below}, func() error {
		if kind != nil {
			changes = append(changes, change{name{*kind, *id}, refusal{until, *below}})
		}
		return nil
	})
	return next, changes, err
}

func (f *Feed) apply(changes []change, all bool, asOf time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if all {
		clear(f.refused)
	}
	for _, c := range changes {
		f.refused[c.name] = c.refusal
	}
	for n, r := range f.refused {
		if r.until != nil && r.until.Before(asOf) {
			delete(f.refused, n)
		}
	}
	f.asOf = asOf
}
