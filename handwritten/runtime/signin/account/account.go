// Package account keeps users' passwords and checks them, no faster than a
// person could type.
package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
)

// Config of a Store. All of it is required.
type Config struct {
	Store   *eventstore.Store
	Hasher  *password.Hasher
	Auditor audit.Auditor
	Clock   func() time.Time
}

// Store keeps passwords.
type Store struct{ config Config }

// New returns a store on a database that schema.Migrate has prepared.
func New(c Config) *Store { return &Store{c} }

// Proof says that somebody is a user, because the password was right. It is void
// when the password is changed or the user signs out everywhere.
type Proof struct {
	User    uuid.UUID
	version int64
}

// Hashed is a password as it is kept.
type Hashed struct{ phc string }

// Hash makes of a password what can be kept, or refuses it with problem 400
// INVALID_PASSWORD. It takes as long whoever the password is for: hash first
// where nobody may learn from the time whether there is such a user.
func (s *Store) Hash(ctx context.Context, text secret.Text) (Hashed, error) {
	phc, err := s.config.Hasher.Hash(ctx, text)
	return Hashed{phc}, err
}

// SetPassword replaces a user's password and voids earlier proofs. Sessions that
// have begun go on: end them with session.Store.EndAll where they should not.
func (s *Store) SetPassword(ctx context.Context, user uuid.UUID, password Hashed) error {
	return pgx.BeginFunc(ctx, s.config.Store.Writer(), func(tx pgx.Tx) error {
		const sql = `
INSERT INTO oksai_identity.accounts AS a (user_id, password, version, changed_at) VALUES ($1, $2, 1, $3)
ON CONFLICT (user_id) DO UPDATE SET password = EXCLUDED.password, version = a.version + 1, changed_at = EXCLUDED.changed_at`
		if _, err := tx.Exec(ctx, sql, user, password.phc, s.config.Clock()); err != nil {
			return fmt.Errorf("store the password of user %s: %w", user, err)
		}
		return s.audit(ctx, tx, audit.Event{Kind: audit.PasswordChanged, User: user.String()})
	})
}

// Attempt is one try to sign in.
type Attempt struct {
	// Login is what was typed in, e.g. the e-mail address in its stored form.
	Login string
	// User is who has that login; zero if nobody has.
	User uuid.UUID
	// Source is where the request comes from: the client's address.
	Source string
	// Device is a secret that the client keeps, as in a cookie; empty for none.
	// After a success it stands for the source, because people share addresses
	// and change them; before, it counts for nothing: anybody can make one up.
	// Of both only hashes are kept.
	Device   string
	Password secret.Text
}

// Check returns a proof, or problem 401 INVALID_CREDENTIALS, the same and after
// the same work for an unknown user, a wrong password and a blocked user; or a
// *ThrottledError, whatever the password.
func (s *Store) Check(ctx context.Context, a Attempt) (Proof, error) {
	t, err := s.ticket(ctx, a)
	if err != nil {
		return Proof{}, err
	}
	event := audit.Event{User: subject(a.User), Source: t.sourceHash()}
	if err := s.take(ctx, &t); err != nil {
		return Proof{}, s.refuse(ctx, audit.Throttled, event, err)
	}
	stored, version, err := s.load(ctx, a.User)
	if err != nil {
		return Proof{}, err
	}
	verdict, err := s.config.Hasher.Verify(ctx, stored, a.Password)
	if err != nil {
		return Proof{}, err
	}
	blocked, err := revocation.Blocked(ctx, s.config.Store.Writer(), revocation.User(a.User.String()), s.config.Clock())
	if err != nil {
		return Proof{}, err
	}
	if !verdict.Match || blocked {
		return Proof{}, s.refuse(ctx, audit.PasswordRefused, event, invalidCredentials())
	}
	if verdict.Outdated {
		if err := s.rehash(ctx, a, stored); err != nil {
			return Proof{}, err
		}
	}
	event.Kind = audit.PasswordAccepted
	return Proof{a.User, version}, s.accept(ctx, t, event)
}

// accept gives the ticket back and remembers where the user came from.
func (s *Store) accept(ctx context.Context, t ticket, event audit.Event) error {
	return pgx.BeginFunc(ctx, s.config.Store.Writer(), func(tx pgx.Tx) error {
		if err := s.giveBack(ctx, tx, t); err != nil {
			return err
		}
		return s.audit(ctx, tx, event)
	})
}

func (s *Store) refuse(ctx context.Context, kind audit.Kind, event audit.Event, why error) error {
	var told *problem.Error
	if !errors.As(why, &told) {
		return why // we failed, not they
	}
	event.Kind = kind
	if err := s.audit(ctx, s.config.Store.Writer(), event); err != nil {
		return err
	}
	return why
}

func (s *Store) load(ctx context.Context, user uuid.UUID) (hash string, version int64, err error) {
	const sql = `SELECT password, version FROM oksai_identity.accounts WHERE user_id = $1`
	err = s.config.Store.Writer().QueryRow(ctx, sql, user).Scan(&hash, &version)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", 0, fmt.Errorf("load the password of user %s: %w", user, err)
	}
	return hash, version, nil
}

// rehash stores the same password at today's costs, unless it was changed meanwhile.
func (s *Store) rehash(ctx context.Context, a Attempt, old string) error {
	hash, err := s.config.Hasher.Hash(ctx, a.Password)
	if err != nil {
		return err
	}
	const sql = `UPDATE oksai_identity.accounts SET password = $3 WHERE user_id = $1 AND password = $2`
	if _, err := s.config.Store.Writer().Exec(ctx, sql, a.User, old, hash); err != nil {
		return fmt.Errorf("store the password of user %s anew: %w", a.User, err)
	}
	return nil
}

// Confirm locks the proof's account in tx, so that nothing can void the proof
// before tx is committed. A void proof is problem 401 INVALID_CREDENTIALS.
func Confirm(ctx context.Context, tx pgx.Tx, p Proof, now time.Time) error {
	var version int64
	err := tx.QueryRow(ctx, `SELECT version FROM oksai_identity.accounts WHERE user_id = $1 FOR SHARE`, p.User).Scan(&version)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("confirm who user %s is: %w", p.User, err)
	}
	if err != nil || version != p.version {
		return invalidCredentials()
	}
	blocked, err := revocation.Blocked(ctx, tx, revocation.User(p.User.String()), now)
	if err == nil && blocked {
		return invalidCredentials()
	}
	return err
}

// Void voids all proofs of a user that were given before tx commits.
func Void(ctx context.Context, tx pgx.Tx, user uuid.UUID) error {
	const sql = `UPDATE oksai_identity.accounts SET version = version + 1 WHERE user_id = $1`
	if _, err := tx.Exec(ctx, sql, user); err != nil {
		return fmt.Errorf("void the proofs of user %s: %w", user, err)
	}
	return nil
}

func (s *Store) audit(ctx context.Context, where eventstore.DB, e audit.Event) error {
	e.At = s.config.Clock()
	if err := s.config.Auditor.Audit(ctx, where, e); err != nil {
		return fmt.Errorf("audit %s: %w", e.Kind, err)
	}
	return nil
}

func subject(user uuid.UUID) string {
	if user == uuid.Nil {
		return ""
	}
	return user.String()
}

func invalidCredentials() error {
	return problem.New(401, "INVALID_CREDENTIALS", "Invalid credentials", "there is no such user, or the password is wrong")
}
