// Package audit keeps the audit trail of security events in PostgreSQL: who came
// in, who was refused, and what operators did. It is append-only: the roles of an
// app can neither change nor delete an entry, and each tenant's entries are
// behind row-level security. What happened to aggregates is not told a second
// time here; the event log has it.
package audit

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
)

// Kinds beside those of sign-in.
const (
	Forbidden     audit.Kind = "forbidden"
	OperatorActed audit.Kind = "operator_acted"
)

// Entry is what the trail says of one event. It never holds a password, a token
// or a key; see the tests of who writes entries.
type Entry struct {
	// ID is new for each entry, later ones being greater. Whoever records leaves it zero.
	ID uuid.UUID
	audit.Event
	// Action is the operation that was done or refused, as the spec names it.
	Action string
	// Target names what it was done to, e.g. a projection; or the role that was granted.
	Target string
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate prepares a database that eventstore.Migrate has prepared, or brings it
// up to date. It may run any number of times, also at the same time.
func Migrate(ctx context.Context, url string) error {
	return eventstore.MigrateSchema(ctx, url, "oksai_audit", migrations)
}

// Config of a Store.
type Config struct {
	// Store gives the connections to a database that Migrate has prepared.
	Store *eventstore.Store
	// Clock gives entries that have no time theirs, and tells their age; time.Now by default.
	Clock func() time.Time
	// Keep is for how long entries stay at least; two years by default. The
	// database itself keeps them for 90 days, whatever it is asked for.
	Keep time.Duration
	// Log gets what operators must know; discarded by default.
	Log *slog.Logger
}

// Store is the audit trail. Its methods may be called concurrently.
type Store struct{ config Config }

var _ audit.Auditor = (*Store)(nil)

// New returns the trail.
func New(c Config) *Store {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Keep = cmp.Or(c.Keep, 2*365*24*time.Hour)
	return &Store{c}
}

// Audit implements audit.Auditor, for what happens to sign-in.
func (s *Store) Audit(ctx context.Context, where eventstore.DB, e audit.Event) error {
	return s.Record(ctx, where, Entry{Event: e})
}

// Record adds an entry where the change that it tells of is made, usually a
// transaction: both are committed or neither. An entry of a tenant needs a
// transaction of that tenant, see eventstore.Store.InTenants.
func (s *Store) Record(ctx context.Context, where eventstore.DB, e Entry) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("audit %s: make an id: %w", e.Kind, err)
	}
	if e.At.IsZero() {
		e.At = s.config.Clock()
	}
	const sql = `
INSERT INTO oksai_audit.entries (id, tenant_id, at, kind, actor, user_id, session_id, key, source, action, target)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	if _, err := where.Exec(ctx, sql, id, e.Tenant, e.At.UTC(), string(e.Kind), e.By, e.User, e.Session, e.Key, e.Source, e.Action, e.Target); err != nil {
		return fmt.Errorf("audit %s: %w", e.Kind, err)
	}
	return nil
}

// RecordAlone is Record in a transaction of its own, for what changes nothing else.
func (s *Store) RecordAlone(ctx context.Context, e Entry) error {
	return s.config.Store.InTenants(ctx, []uuid.UUID{e.Tenant}, func(tx pgx.Tx) error { return s.Record(ctx, tx, e) })
}
