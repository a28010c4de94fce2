// Package onetime makes the secrets that travel by mail, to prove that who has
// them reads that mailbox. Each is good for one purpose, one use and some time;
// only its hash is kept.
package onetime

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
)

// Purpose is what a secret may be used for, and nothing else.
type Purpose string

const (
	ConfirmEmail  Purpose = "confirm_email"
	ResetPassword Purpose = "reset_password"
	Invitation    Purpose = "invitation"
)

// lifetimes say how long a secret is good for.
var lifetimes = map[Purpose]time.Duration{ConfirmEmail: 48 * time.Hour, ResetPassword: time.Hour, Invitation: 7 * 24 * time.Hour}

// At most this many are made for one purpose and subject in an hour, so that
// nobody floods a mailbox through us.
const perHour = 5

var (
	// ErrInvalid says that a text is no secret of that purpose, was used or is too old.
	ErrInvalid = errors.New("not a one-time secret that is good")
	// ErrTooMany says that enough was mailed in the last hour.
	ErrTooMany = errors.New("enough one-time secrets were made within the last hour")
)

// For is what a secret is about.
type For struct {
	Purpose Purpose
	// Subject is a user or an invitation.
	Subject uuid.UUID
	// Tenant is zero for what belongs to no tenant.
	Tenant uuid.UUID
}

// Config of a Store. All of it is required.
type Config struct {
	Store *eventstore.Store
	Clock func() time.Time
}

// Store keeps the hashes.
type Store struct{ config Config }

// New returns a store on a database that schema.Migrate has prepared.
func New(c Config) *Store { return &Store{c} }

// Make returns a new secret, or ErrTooMany.
func (s *Store) Make(ctx context.Context, f For) (secret.Text, error) {
	now := s.config.Clock()
	made := token.New(token.OneTime, uuid.New())
	err := s.in(ctx, f.Tenant, func(tx pgx.Tx) error {
		var recent int
		const count = `SELECT count(*) FROM oksai_identity.onetime WHERE subject = $1 AND purpose = $2 AND made_at > $3`
		if err := tx.QueryRow(ctx, count, f.Subject, f.Purpose, now.Add(-time.Hour)).Scan(&recent); err != nil {
			return fmt.Errorf("count one-time secrets: %w", err)
		}
		if recent >= perHour {
			return ErrTooMany
		}
		const insert = `
INSERT INTO oksai_identity.onetime (id, tenant_id, purpose, subject, hash, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
		if _, err := tx.Exec(ctx, insert, made.ID, f.Tenant, f.Purpose, f.Subject, made.Hash(), now, now.Add(lifetimes[f.Purpose])); err != nil {
			return fmt.Errorf("store a one-time secret: %w", err)
		}
		return nil
	})
	if err != nil {
		return secret.Text{}, err
	}
	return made.Text(), nil
}

// Find tells what a secret is about, and uses nothing up; or ErrInvalid.
func (s *Store) Find(ctx context.Context, purpose Purpose, text secret.Text) (For, error) {
	presented, ok := token.Parse(token.OneTime, text.Reveal())
	if !ok {
		return For{}, ErrInvalid
	}
	// As the reader, who sees all tenants: whose it is, is not known before.
	f, hash := For{Purpose: purpose}, []byte(nil)
	const sql = `SELECT subject, tenant_id, hash FROM oksai_identity.onetime WHERE id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3`
	err := s.config.Store.Reader().QueryRow(ctx, sql, presented.ID, purpose, s.config.Clock()).Scan(&f.Subject, &f.Tenant, &hash)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && subtle.ConstantTimeCompare(hash, presented.Hash()) != 1 {
		return For{}, ErrInvalid
	}
	if err != nil {
		return For{}, fmt.Errorf("look for a one-time secret: %w", err)
	}
	return f, nil
}

// Use tells what a secret is about and uses it up, with all others of the same
// purpose and subject; or ErrInvalid. Of several who try at once one succeeds.
func (s *Store) Use(ctx context.Context, purpose Purpose, text secret.Text) (For, error) {
	f, err := s.Find(ctx, purpose, text)
	if err != nil {
		return For{}, err
	}
	return f, s.in(ctx, f.Tenant, func(tx pgx.Tx) error {
		const sql = `UPDATE oksai_identity.onetime SET used_at = $3 WHERE subject = $1 AND purpose = $2 AND used_at IS NULL`
		used, err := tx.Exec(ctx, sql, f.Subject, f.Purpose, s.config.Clock())
		if err != nil {
			return fmt.Errorf("use a one-time secret: %w", err)
		}
		if used.RowsAffected() == 0 {
			return ErrInvalid
		}
		return nil
	})
}

// Forget deletes what is over, a page of it at a time.
func (s *Store) Forget(ctx context.Context) error {
	for {
		var tenants, ids []uuid.UUID
		const sql = `SELECT coalesce(array_agg(tenant_id), '{}'), coalesce(array_agg(id), '{}') FROM (
    SELECT tenant_id, id FROM oksai_identity.onetime WHERE expires_at < $1 LIMIT 1000) AS old`
		if err := s.config.Store.Reader().QueryRow(ctx, sql, s.config.Clock()).Scan(&tenants, &ids); err != nil {
			return fmt.Errorf("look for old one-time secrets: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		err := s.config.Store.InTenants(ctx, tenants, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM oksai_identity.onetime WHERE id = ANY ($1)", ids)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget old one-time secrets: %w", err)
		}
	}
}

func (s *Store) in(ctx context.Context, tenant uuid.UUID, do func(pgx.Tx) error) error {
	return s.config.Store.InTenants(ctx, []uuid.UUID{tenant}, do)
}
