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

// name tells subjects apart. Its kinds do not mix.
type name struct{ kind, id string }

// Subject is what can be refused, as a token or key says it.
type Subject struct {
	name
	version int64 // zero for what has none
}

// Session is one session; its access tokens are refused.
func Session(id uuid.UUID) Subject { return Subject{name: name{"session", id.String()}} }

// User is a person by the subject of the tokens, whoever issued them.
func User(subject string) Subject { return Subject{name: name{"user", subject}} }

// APIKey is one API key.
func APIKey(id uuid.UUID) Subject { return Subject{name: name{"api_key", id.String()}} }

// Roles are a user's roles in a tenant, as they were at a version.
func Roles(user string, tenant uuid.UUID, version int64) Subject {
	return Subject{name{"roles", user + " in " + tenant.String()}, version}
}

// Memory is how long a revocation is told to replicas. By then an access token
// has expired and a cached API key was looked up again, so that nothing but the
// row itself is needed to refuse them.
const Memory = time.Hour

const setSQL = `
INSERT INTO oksai_identity.revocations (kind, id, until, below) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, id) DO UPDATE SET until = EXCLUDED.until, below = EXCLUDED.below, xid = pg_current_xact_id()`

// whole is below which version everything is that has no versions.
const whole = 1

// Revoke refuses s from the commit of where on. It is for what cannot be valid
// again: an ended session, a revoked key.
func Revoke(ctx context.Context, where eventstore.DB, s Subject, now time.Time) error {
	return set(ctx, where, s, now.Add(Memory), whole)
}

// Outdate refuses tokens with an older version of s from the commit of where on.
// It compares no times: a token is as old as what it was made from, however
// long that took and whatever clock was asked.
func Outdate(ctx context.Context, where eventstore.DB, s Subject, now time.Time) error {
	return set(ctx, where, s, now.Add(Memory), s.version)
}

// Block refuses s until Unblock. It is for what may come back: a disabled user.
// It can be part of the transaction in which the user is disabled.
func Block(ctx context.Context, where eventstore.DB, s Subject) error {
	return set(ctx, where, s, nil, whole)
}

// Unblock ends what Block began.
func Unblock(ctx context.Context, where eventstore.DB, s Subject, now time.Time) error {
	return set(ctx, where, s, now, whole)
}

func set(ctx context.Context, where eventstore.DB, s Subject, until any, below int64) error {
	if _, err := where.Exec(ctx, setSQL, s.kind, s.id, until, below); err != nil {
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
