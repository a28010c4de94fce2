// Package revocation makes every replica refuse what is not valid any more,
// within seconds and without asking the database at each request.
//
// Who revokes writes a row in the transaction of the change. A Feed in each
// replica polls the rows into memory.
package revocation

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Subject is what can be refused. Its kinds do not mix.
type Subject struct{ kind, id string }

// Session is one session; its access tokens are refused.
func Session(id uuid.UUID) Subject { return Subject{"session", id.String()} }

// User is a person by the subject of the tokens, whoever issued them.
func User(subject string) Subject { return Subject{"user", subject} }

// APIKey is one API key.
func APIKey(id uuid.UUID) Subject { return Subject{"api_key", id.String()} }

// Memory is how long a revocation is told to replicas. By then an access token
// has expired and a cached API key was looked up again, so that nothing but the
// row itself is needed to refuse them.
const Memory = time.Hour

const setSQL = `
INSERT INTO oksai_identity.revocations (kind, id, until) VALUES ($1, $2, $3)
ON CONFLICT (kind, id) DO UPDATE SET until = EXCLUDED.until, xid = pg_current_xact_id()`

// Revoke refuses s from the commit of where on. It is for what cannot be valid
// again: an ended session, a revoked key.
func Revoke(ctx context.Context, where eventstore.DB, s Subject, now time.Time) error {
	return set(ctx, where, s, now.Add(Memory))
}

// Block refuses s until Unblock. It is for what may come back: a disabled user.
// It can be part of the transaction in which the user is disabled.
func Block(ctx context.Context, where eventstore.DB, s Subject) error {
	return set(ctx, where, s, nil)
}

// Unblock ends what Block began.
func Unblock(ctx context.Context, where eventstore.DB, s Subject, now time.Time) error {
	return set(ctx, where, s, now)
}

func set(ctx context.Context, where eventstore.DB, s Subject, until any) error {
	if _, err := where.Exec(ctx, setSQL, s.kind, s.id, until); err != nil {
		return fmt.Errorf("refuse or admit %s %s: %w", s.kind, s.id, err)
	}
	return nil
}

// Blocked asks the database itself, for what is decided there anyway.
func Blocked(ctx context.Context, where eventstore.DB, s Subject, now time.Time) (blocked bool, err error) {
	const sql = `SELECT EXISTS (SELECT FROM oksai_identity.revocations WHERE kind = $1 AND id = $2 AND coalesce(until > $3, true))`
	if err := where.QueryRow(ctx, sql, s.kind, s.id, now).Scan(&blocked); err != nil {
		return false, fmt.Errorf("ask whether %s %s is blocked: %w", s.kind, s.id, err)
	}
	return blocked, nil
}

// Forget deletes rows that no replica needs any more.
func Forget(ctx context.Context, where eventstore.DB, now time.Time) error {
	// As long again as they were needed, for a replica that was away meanwhile.
	if _, err := where.Exec(ctx, `DELETE FROM oksai_identity.revocations WHERE until < $1`, now.Add(-Memory)); err != nil {
		return fmt.Errorf("forget old revocations: %w", err)
	}
	return nil
}
