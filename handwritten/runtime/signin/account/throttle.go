package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Three things are counted for each attempt, before the password is looked at,
// so that attempts in parallel are no way around it:
//
//   - the source's attempts on this account: somebody who tries passwords. After
//     a few, waiting times that double up to a quarter of an hour.
//   - the source's attempts on any account: somebody who tries one password on
//     many users, or many people behind one address; hence more patience.
//   - all sources' attempts on this account: an attack from many addresses. The
//     wait stays short, and a source from which the user has signed in before is
//     not counted here at all: however long the attack, nobody can lock a user
//     out of the places where they usually work.
//
// What nobody has is counted like an account, so that throttling does not tell
// which logins exist.
type rule struct {
	free  int
	limit time.Duration
}

var (
	pairRule    = rule{free: 5, limit: 15 * time.Minute}
	sourceRule  = rule{free: 50, limit: 15 * time.Minute}
	accountRule = rule{free: 20, limit: 30 * time.Second}
)

const (
	// forgetAttempts is how long without an attempt begins anew.
	forgetAttempts = 24 * time.Hour
	// forgetSource is how long a source is known after the last success.
	forgetSource = 90 * 24 * time.Hour
)

// ThrottledError says that there were too many attempts. It unwraps to problem
// 429 TOO_MANY_ATTEMPTS.
type ThrottledError struct {
	// After is how long to wait.
	After time.Duration
}

func (e *ThrottledError) Error() string { return e.Unwrap().Error() }

// RetryAfter is After, for the header of that name.
func (e *ThrottledError) RetryAfter() time.Duration { return e.After }

// Unwrap gives what a client is told.
func (e *ThrottledError) Unwrap() error {
	return problem.New(429, "TOO_MANY_ATTEMPTS", "Too many attempts", "too many attempts to sign in; retry in %d seconds", int(e.After.Seconds())+1)
}

// ticket is what an attempt is counted under.
type ticket struct {
	account, source, pair []byte
	// known says that the user has signed in from the source before.
	known bool
	// device is the pair to remember besides; nil for none.
	device []byte
}

// ticket counts an attempt from a device that the user has signed in with apart
// from others behind the same address.
func (s *Store) ticket(ctx context.Context, a Attempt) (ticket, error) {
	t := ticket{account: digest("account", a.Login), source: digest("source", a.Source), pair: digest("pair", a.Login, a.Source)}
	if a.Device == "" {
		return t, nil
	}
	t.device = digest("device", a.Login, a.Device)
	known, err := s.knows(ctx, s.config.Store.Writer(), t.device)
	if known {
		t.source, t.pair = digest("source of a device", a.Device), t.device
	}
	return t, err
}

func (t ticket) sourceHash() string { return hex.EncodeToString(t.source[:8]) }

// digest keeps addresses and logins out of the tables. Hashing each part first
// keeps parts apart, whatever characters they have.
func digest(parts ...string) []byte {
	var all []byte
	for _, part := range parts {
		hash := sha256.Sum256([]byte(part))
		all = append(all, hash[:]...)
	}
	hash := sha256.Sum256(all)
	return hash[:]
}

// take counts an attempt, or refuses it with a *ThrottledError and counts nothing.
func (s *Store) take(ctx context.Context, t *ticket) error {
	return pgx.BeginFunc(ctx, s.config.Store.Writer(), func(tx pgx.Tx) error {
		// Always in this order: attempts of one source or on one account queue
		// up here, and must not close a circle.
		if err := s.count(ctx, tx, t.source, sourceRule); err != nil {
			return err
		}
		if err := s.count(ctx, tx, t.pair, pairRule); err != nil {
			return err
		}
		var err error
		if t.known, err = s.knows(ctx, tx, t.pair); err != nil || t.known {
			return err
		}
		return s.count(ctx, tx, t.account, accountRule)
	})
}

// The wait before the next attempt doubles with each one beyond the free ones.
const countSQL = `
INSERT INTO oksai_identity.attempts AS a (id, failures, blocked_until, at) VALUES ($1, 1, '-infinity', $2)
ON CONFLICT (id) DO UPDATE SET
    failures = CASE WHEN a.at < $2 - $5::interval THEN 1 ELSE a.failures + 1 END,
    blocked_until = CASE WHEN a.at < $2 - $5::interval OR a.failures + 1 < $3 THEN '-infinity'::timestamptz
        ELSE $2 + least($4::interval, interval '1 second' * power(2, least(a.failures + 1 - $3, 20))) END,
    at = $2
WHERE a.blocked_until <= $2
RETURNING a.failures`

func (s *Store) count(ctx context.Context, tx pgx.Tx, id []byte, r rule) error {
	now := s.config.Clock()
	var failures int
	err := tx.QueryRow(ctx, countSQL, id, now, r.free, r.limit, forgetAttempts).Scan(&failures)
	if errors.Is(err, pgx.ErrNoRows) {
		return s.blocked(ctx, tx, id, now)
	}
	if err != nil {
		return fmt.Errorf("count an attempt to sign in: %w", err)
	}
	return nil
}

func (s *Store) blocked(ctx context.Context, tx pgx.Tx, id []byte, now time.Time) error {
	var until time.Time
	if err := tx.QueryRow(ctx, `SELECT blocked_until FROM oksai_identity.attempts WHERE id = $1`, id).Scan(&until); err != nil {
		return fmt.Errorf("look for how long attempts to sign in are refused: %w", err)
	}
	return &ThrottledError{After: until.Sub(now)}
}

func (s *Store) knows(ctx context.Context, where eventstore.DB, pair []byte) (known bool, err error) {
	const sql = `SELECT EXISTS (SELECT FROM oksai_identity.known_sources WHERE id = $1 AND at > $2)`
	if err := where.QueryRow(ctx, sql, pair, s.config.Clock().Add(-forgetSource)).Scan(&known); err != nil {
		return false, fmt.Errorf("ask whether a user's source is known: %w", err)
	}
	return known, nil
}

// giveBack undoes take after a success. Other attempts on any account stay
// counted: with an account of one's own one could else try others' for ever.
func (s *Store) giveBack(ctx context.Context, tx pgx.Tx, t ticket) error {
	const (
		lessSQL     = `UPDATE oksai_identity.attempts SET failures = greatest(failures - 1, 0), blocked_until = '-infinity' WHERE id = $1`
		clearSQL    = `DELETE FROM oksai_identity.attempts WHERE id = $1`
		rememberSQL = `INSERT INTO oksai_identity.known_sources (id, at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET at = EXCLUDED.at`
	)
	var batch pgx.Batch
	batch.Queue(lessSQL, t.source)
	batch.Queue(clearSQL, t.pair)
	if !t.known {
		batch.Queue(lessSQL, t.account)
	}
	batch.Queue(rememberSQL, t.pair, s.config.Clock())
	if t.device != nil {
		batch.Queue(rememberSQL, t.device, s.config.Clock())
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("give an attempt to sign in back: %w", err)
	}
	return nil
}

// Forget deletes counters and sources that count for nothing any more.
func (s *Store) Forget(ctx context.Context) error {
	now := s.config.Clock()
	for sql, before := range map[string]time.Time{
		`DELETE FROM oksai_identity.attempts WHERE at < $1`:      now.Add(-forgetAttempts),
		`DELETE FROM oksai_identity.known_sources WHERE at < $1`: now.Add(-forgetSource),
	} {
		if _, err := s.config.Store.Writer().Exec(ctx, sql, before); err != nil {
			return fmt.Errorf("forget old attempts to sign in: %w", err)
		}
	}
	return nil
}
