package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
)

// End signs out: it ends the whole login that session belongs to. The session
// comes from a verified access token. What has ended already stays ended.
func (s *Store) End(ctx context.Context, session uuid.UUID) error {
	return s.end(ctx, "signed out", audit.SignedOut,
		"WHERE login_id = (SELECT login_id FROM oksai_identity.sessions WHERE id = $1)", session)
}

// EndAll signs a user out everywhere, also where signing in is not finished yet.
// The login of the session except goes on; zero for none.
func (s *Store) EndAll(ctx context.Context, user, except uuid.UUID) error {
	err := pgx.BeginFunc(ctx, s.config.Store.Writer(), func(tx pgx.Tx) error { return account.Void(ctx, tx, user) })
	if err != nil {
		return err
	}
	return s.end(ctx, "signed out everywhere", audit.SignedOut, `
WHERE user_id = $1 AND login_id IS DISTINCT FROM (SELECT login_id FROM oksai_identity.sessions WHERE id = $2 AND user_id = $1)`, user, except)
}

// EndInTenant ends a user's sessions in one tenant, in the transaction in which
// the user is removed from it.
func (s *Store) EndInTenant(ctx context.Context, tx pgx.Tx, user, tenant uuid.UUID) error {
	return s.endLocked(ctx, tx, "left the tenant", audit.SignedOut, "WHERE user_id = $1 AND tenant_id = $2 AND ended_at IS NULL", user, tenant)
}

// EndWith ends all of a user's sessions with tx, the one in which the user is
// disabled, and voids what has not become a session yet. No session can begin
// until tx ends, because the account is locked; so none is missed.
func (s *Store) EndWith(ctx context.Context, tx pgx.Tx, user uuid.UUID) error {
	if err := account.Void(ctx, tx, user); err != nil {
		return err
	}
	const where = "WHERE user_id = $1 AND ended_at IS NULL"
	open, err := s.query(ctx, s.config.Store.Reader(), where, user)
	if err != nil {
		return err
	}
	tenants := make([]uuid.UUID, len(open))
	for i, r := range open {
		tenants[i] = r.Tenant
	}
	return eventstore.Among(ctx, tx, tenants, func() error {
		return s.endLocked(ctx, tx, "disabled", audit.SignedOut, where, user)
	})
}

// List returns a user's living sessions, newest first.
func (s *Store) List(ctx context.Context, user uuid.UUID) ([]Session, error) {
	found, err := s.query(ctx, s.config.Store.Reader(), "WHERE user_id = $1 ORDER BY created_at DESC, id", user)
	if err != nil {
		return nil, err
	}
	now := s.config.Clock()
	var sessions []Session
	for _, r := range found {
		if s.alive(r, now) {
			sessions = append(sessions, r.Session)
		}
	}
	return sessions, nil
}

// end finds sessions as the reader, who sees those of all tenants, and ends them
// as the writer, who may in the tenants that are named. One that Switch adds in
// between is found in the next round; there is none after the last one, because
// Switch needs a session that has not ended.
func (s *Store) end(ctx context.Context, why string, kind audit.Kind, where string, args ...any) error {
	for {
		found, err := s.query(ctx, s.config.Store.Reader(), where, args...)
		if err != nil {
			return err
		}
		open := slices.DeleteFunc(found, func(r row) bool { return r.ended != nil })
		if len(open) == 0 {
			return nil
		}
		if err := s.endThese(ctx, why, kind, open); err != nil {
			return err
		}
	}
}

func (s *Store) endThese(ctx context.Context, why string, kind audit.Kind, these []row) error {
	var tenants, ids []uuid.UUID
	for _, r := range these {
		tenants, ids = append(tenants, r.Tenant), append(ids, r.ID)
	}
	return s.in(ctx, tenants, func(tx pgx.Tx) error {
		return s.endLocked(ctx, tx, why, kind, "WHERE id = ANY ($1) AND ended_at IS NULL", ids)
	})
}

// endLocked locks in one order, so that two who end the same sessions do not block each other.
func (s *Store) endLocked(ctx context.Context, tx pgx.Tx, why string, kind audit.Kind, where string, args ...any) error {
	locked, err := s.query(ctx, tx, where+" ORDER BY id FOR UPDATE", args...)
	if err != nil {
		return err
	}
	for _, r := range locked {
		if err := s.endOne(ctx, tx, why, kind, r.Session); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) endOne(ctx context.Context, tx pgx.Tx, why string, kind audit.Kind, of Session) error {
	now := s.config.Clock()
	const sql = `UPDATE oksai_identity.sessions SET ended_at = $2, ended_why = $3, successor = '' WHERE id = $1`
	if _, err := tx.Exec(ctx, sql, of.ID, now, why); err != nil {
		return fmt.Errorf("end session %s: %w", of.ID, err)
	}
	if err := revocation.Revoke(ctx, tx, revocation.Session(of.ID), now); err != nil {
		return err
	}
	return s.audit(ctx, tx, kind, of)
}

const columns = `SELECT id, login_id, user_id, tenant_id, client, created_at, used_at, expires_at, current, previous, successor, rotated_at, ended_at
FROM oksai_identity.sessions `

func (s *Store) query(ctx context.Context, db eventstore.DB, where string, args ...any) ([]row, error) {
	rows, err := db.Query(ctx, columns+where, args...)
	if err != nil {
		return nil, fmt.Errorf("look for sessions: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(from pgx.CollectableRow) (r row, err error) {
		var rotated *time.Time
		err = from.Scan(&r.ID, &r.Login, &r.User, &r.Tenant, &r.Client, &r.Created, &r.Used, &r.Expires, &r.current, &r.previous, &r.successor, &rotated, &r.ended)
		if rotated != nil {
			r.rotated = *rotated
		}
		r.Created, r.Used, r.Expires = r.Created.UTC(), r.Used.UTC(), r.Expires.UTC()
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for sessions: %w", err)
	}
	return found, nil
}

const (
	// forgetAfter is how long an operator can still look at a session that is over.
	forgetAfter = 30 * 24 * time.Hour
	forgetPage  = 1000
)

// Forget deletes sessions that have been over for a month.
func (s *Store) Forget(ctx context.Context) error {
	before := s.config.Clock().Add(-forgetAfter)
	for {
		old, err := s.query(ctx, s.config.Store.Reader(), "WHERE expires_at < $1 LIMIT $2", before, forgetPage)
		if err != nil || len(old) == 0 {
			return err
		}
		if err := s.forgetThese(ctx, old); err != nil {
			return err
		}
	}
}

func (s *Store) forgetThese(ctx context.Context, these []row) error {
	var tenants, ids []uuid.UUID
	for _, r := range these {
		tenants, ids = append(tenants, r.Tenant), append(ids, r.ID)
	}
	return s.in(ctx, tenants, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM oksai_identity.sessions WHERE id = ANY ($1)", ids); err != nil {
			return fmt.Errorf("forget old sessions: %w", err)
		}
		return nil
	})
}
