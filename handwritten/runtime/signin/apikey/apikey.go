// Package apikey lets machines in: by keys that are shown once, kept as hashes,
// and good for the roles they were made with in one tenant.
package apikey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
	"golang.org/x/sync/singleflight"
)

// Config of a Store. All of it is required.
type Config struct {
	Store   *eventstore.Store
	Feed    *revocation.Feed
	Auditor audit.Auditor
	Clock   func() time.Time
}

// Store keeps API keys.
type Store struct {
	config  Config
	known   *lru.Cache[string, seen]
	loading singleflight.Group
	used    usage
}

// New returns a store on a database that schema.Migrate has prepared.
func New(c Config) *Store {
	known, err := lru.New[string, seen](maxKnown)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return &Store{config: c, known: known}
}

// Key is what may be told of an API key.
type Key struct {
	// ID is in the key's text, too, so that a key that was found somewhere can be revoked.
	ID     uuid.UUID
	Tenant uuid.UUID // zero for a key of the platform
	Name   string
	Roles  []string
	// CreatedBy is a subject.
	CreatedBy string
	Created   time.Time
	Expires   *time.Time // nil for never
	Revoked   *time.Time
	// Used is when it was used last, give or take a minute.
	Used *time.Time
}

// Spec is what a new key is to be.
type Spec struct {
	Tenant  uuid.UUID
	Name    string
	Roles   []string
	Expires *time.Time
	By      string
}

// Create makes a key. Its text is returned here and never again. Whether By may
// give these roles away is for the caller to know.
func (s *Store) Create(ctx context.Context, spec Spec) (Key, secret.Text, error) {
	k := Key{
		ID: uuid.New(), Tenant: spec.Tenant, Name: spec.Name, Roles: append([]string{}, spec.Roles...), // null is no list
		CreatedBy: spec.By, Created: s.config.Clock(), Expires: spec.Expires,
	}
	made := token.New(token.APIKey, k.ID)
	const sql = `
INSERT INTO oksai_identity.api_keys (id, tenant_id, name, roles, hash, created_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	err := s.in(ctx, k.Tenant, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sql, k.ID, k.Tenant, k.Name, k.Roles, made.Hash(), k.CreatedBy, k.Created, k.Expires); err != nil {
			return fmt.Errorf("store API key %s: %w", k.ID, err)
		}
		return s.audit(ctx, tx, audit.APIKeyMade, spec.By, k.Tenant, k.ID)
	})
	return k, made.Text(), err
}

// Revoke makes a tenant's key worthless, within revocation.MaxStale everywhere.
// A revoked key stays revoked; one of another tenant is problem 404.
func (s *Store) Revoke(ctx context.Context, tenant, id uuid.UUID, by string) error {
	return s.in(ctx, tenant, func(tx pgx.Tx) error {
		var before *time.Time
		const find = `SELECT revoked_at FROM oksai_identity.api_keys WHERE id = $1 AND tenant_id = $2 FOR UPDATE`
		err := tx.QueryRow(ctx, find, id, tenant).Scan(&before)
		if errors.Is(err, pgx.ErrNoRows) {
			return problem.NotFound("API key")
		}
		if err != nil || before != nil {
			return err
		}
		now := s.config.Clock()
		if _, err := tx.Exec(ctx, `UPDATE oksai_identity.api_keys SET revoked_at = $2 WHERE id = $1`, id, now); err != nil {
			return fmt.Errorf("revoke API key %s: %w", id, err)
		}
		if err := revocation.Revoke(ctx, tx, revocation.APIKey(id), now); err != nil {
			return err
		}
		return s.audit(ctx, tx, audit.APIKeyRevoked, by, tenant, id)
	})
}

// List returns all keys of a tenant, newest first.
func (s *Store) List(ctx context.Context, tenant uuid.UUID) ([]Key, error) {
	found, err := s.query(ctx, "WHERE tenant_id = $1 ORDER BY created_at DESC, id", tenant)
	keys := make([]Key, len(found))
	for i, r := range found {
		keys[i] = r.Key
	}
	return keys, err
}

// row is a key with its hash.
type row struct {
	Key
	hash []byte
}

// query asks as the reader, who sees all tenants: whose a key is, is not known
// before it was found.
func (s *Store) query(ctx context.Context, where string, args ...any) ([]row, error) {
	rows, err := s.config.Store.Reader().Query(ctx, `
SELECT id, tenant_id, name, roles, created_by, created_at, expires_at, revoked_at, used_at, hash FROM oksai_identity.api_keys `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("look for API keys: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(from pgx.CollectableRow) (r row, err error) {
		err = from.Scan(&r.ID, &r.Tenant, &r.Name, &r.Roles, &r.CreatedBy, &r.Created, &r.Expires, &r.Revoked, &r.Used, &r.hash)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for API keys: %w", err)
	}
	return found, nil
}

func (s *Store) in(ctx context.Context, tenant uuid.UUID, do func(pgx.Tx) error) error {
	return s.config.Store.InTenants(ctx, []uuid.UUID{tenant}, do)
}

func (s *Store) audit(ctx context.Context, tx pgx.Tx, kind audit.Kind, by string, tenant, id uuid.UUID) error {
	e := audit.Event{Kind: kind, At: s.config.Clock(), By: by, Tenant: tenant, Key: id.String()}
	if err := s.config.Auditor.Audit(ctx, tx, e); err != nil {
		return fmt.Errorf("audit %s %s: %w", kind, id, err)
	}
	return nil
}
