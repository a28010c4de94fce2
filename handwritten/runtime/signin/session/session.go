// Package session keeps people signed in: it gives out access tokens that live
// for minutes, and refresh tokens by which the next ones are had.
//
// # One session, one tenant
//
// A session is bound to the tenant it was started in. Who works for two tenants
// opens a second session from the first (Switch), both of one login. So two tabs
// can work for two tenants at the same time; a token's tenant never changes under
// a request that is on its way; and leaving a tenant ends what belongs to it and
// nothing else. Signing out ends the whole login.
//
// # Rotation
//
// Each refresh token is used once. If an old one comes back, somebody has a copy,
// and nobody can tell whether the thief came first: the whole login ends. But an
// honest client may send one token several times, from several tabs, or because
// the answer was lost. For Config.Grace after a rotation the previous token
// therefore leads to the same successor, and the successor is not rotated again
// before that, so that the previous one is never two steps behind.
//
// The successor is stored sealed with a key made from its predecessor's text: who
// presents that gets it back, who reads the database gets nothing.
package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
)

// Members tells what users may do.
type Members interface {
	// Roles are a user's roles in a tenant, or on the platform for the zero
	// tenant. None means that the user has no business there.
	Roles(ctx context.Context, user, tenant uuid.UUID) (Roles, error)
}

// Roles are what a user may do somewhere.
type Roles struct {
	Names []string
	// Version grows with each change; see revocation.Outdate.
	Version int64
}

// Issuer signs access tokens. It is *signingkey.Ring.
type Issuer interface {
	Issue(authn.Grant) (string, error)
}

// Config of a Store. All of it but Members is required.
type Config struct {
	Store  *eventstore.Store
	Issuer Issuer
	// Members may be told later, by With; without them no session begins or goes on.
	Members Members
	Auditor audit.Auditor
	Clock   func() time.Time
	// Name and Audience are the iss and aud of access tokens.
	Name, Audience string
	Times
}

// Times say how long things last.
type Times struct {
	// Access is how long an access token is good for.
	Access time.Duration
	// Idle is how long a session lasts that is not used, Absolute how long it lasts at all.
	Idle, Absolute time.Duration
	// Grace is for how long a token may be sent again.
	Grace time.Duration
}

// Usual times are those of a web application for work.
var Usual = Times{Access: 5 * time.Minute, Idle: 14 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour, Grace: 30 * time.Second}

// Store keeps sessions.
type Store struct{ config Config }

// New returns a store on a database that schema.Migrate has prepared.
func New(c Config) *Store { return &Store{c} }

// With returns a store of the same sessions that knows who may do what.
func (s *Store) With(m Members) *Store {
	c := s.config
	c.Members = m
	return New(c)
}

// Session is what its user may know of it.
type Session struct {
	// ID is the sid of its access tokens.
	ID     uuid.UUID
	Login  uuid.UUID // the session that began with a password; itself, unless Switch made it
	User   uuid.UUID
	Tenant uuid.UUID
	// Client is what the client said it is, for a person to recognise.
	Client        string
	Created, Used time.Time
	Expires       time.Time
}

// Tokens is what a client gets. The refresh token is to be kept where scripts cannot read it.
type Tokens struct {
	Session       Session
	Access        secret.Text
	AccessExpires time.Time
	Refresh       secret.Text
}

// maxClient bounds, in bytes, what is kept of a client's description.
const maxClient = 200

// Start begins a session of the user that proof is about. Problem 403
// NOT_A_MEMBER says that the user has no role in tenant; 401 that the proof is void.
func (s *Store) Start(ctx context.Context, proof account.Proof, tenant uuid.UUID, client string) (Tokens, error) {
	now := s.config.Clock()
	started := Session{ID: uuid.New(), User: proof.User, Tenant: tenant, Client: clip(client), Created: now, Used: now, Expires: now.Add(s.config.Absolute)}
	started.Login = started.ID
	refresh := token.New(token.Refresh, uuid.New())
	var roles Roles
	err := s.in(ctx, []uuid.UUID{tenant}, func(tx pgx.Tx) (err error) {
		if err := account.Confirm(ctx, tx, proof, now); err != nil {
			return err
		}
		// Asked while the account is held: who removes the user from the tenant
		// comes before the question, or finds the session and ends it.
		if roles, err = s.roles(ctx, proof.User, tenant); err != nil {
			return err
		}
		return s.insert(ctx, tx, started, refresh, audit.SignedIn)
	})
	if err != nil {
		return Tokens{}, err
	}
	return s.issue(started, roles, refresh)
}

const insertSQL = `
INSERT INTO oksai_identity.sessions
    (id, login_id, user_id, tenant_id, client, family, generation, current, previous, successor, rotated_at, created_at, used_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7, '', '', NULL, $8, $8, $9)`

func (s *Store) insert(ctx context.Context, tx pgx.Tx, n Session, refresh token.Token, kind audit.Kind) error {
	_, err := tx.Exec(ctx, insertSQL, n.ID, n.Login, n.User, n.Tenant, n.Client, family(refresh), refresh.Hash(), n.Created, n.Expires)
	if err != nil {
		return fmt.Errorf("store session %s: %w", n.ID, err)
	}
	return s.audit(ctx, tx, kind, n)
}

// issue makes the access token. It comes after the commit: if it fails, the
// client repeats the request with the token that it has.
func (s *Store) issue(of Session, roles Roles, refresh token.Token) (Tokens, error) {
	now := s.config.Clock()
	expires := now.Add(s.config.Access)
	access, err := s.config.Issuer.Issue(authn.Grant{
		Issuer: s.config.Name, Audience: s.config.Audience, NotBefore: now, Expiry: expires,
		Principal: authn.Principal{Subject: of.User.String(), Tenant: of.Tenant, Roles: roles.Names, RolesVersion: roles.Version, Session: of.ID},
	})
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{Session: of, Access: secret.New(access), AccessExpires: expires, Refresh: refresh.Text()}, nil
}

func (s *Store) roles(ctx context.Context, user, tenant uuid.UUID) (Roles, error) {
	if s.config.Members == nil {
		return Roles{}, errors.New("sessions cannot begin or go on where nobody tells the users' roles: use Store.With")
	}
	roles, err := s.config.Members.Roles(ctx, user, tenant)
	if err != nil {
		return Roles{}, fmt.Errorf("look up the roles of user %s in tenant %s: %w", user, tenant, err)
	}
	if len(roles.Names) == 0 {
		return Roles{}, problem.New(403, "NOT_A_MEMBER", "Not a member", "this user has no role in this tenant")
	}
	return roles, nil
}

func (s *Store) in(ctx context.Context, tenants []uuid.UUID, do func(pgx.Tx) error) error {
	return s.config.Store.InTenants(ctx, tenants, do)
}

func (s *Store) audit(ctx context.Context, tx pgx.Tx, kind audit.Kind, of Session) error {
	e := audit.Event{Kind: kind, At: s.config.Clock(), User: of.User.String(), Tenant: of.Tenant, Session: of.ID}
	if err := s.config.Auditor.Audit(ctx, tx, e); err != nil {
		return fmt.Errorf("audit %s of session %s: %w", kind, of.ID, err)
	}
	return nil
}
