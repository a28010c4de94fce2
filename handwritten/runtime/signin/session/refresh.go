package session

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
)

// Refresh returns new tokens for a refresh token. Problem 401 SESSION_ENDED says
// that there is nothing to be had for it any more, whatever the reason.
func (s *Store) Refresh(ctx context.Context, text string) (Tokens, error) {
	presented, of, err := s.find(ctx, text)
	if err != nil {
		return Tokens{}, err
	}
	roles, err := s.roles(ctx, of.User, of.Tenant)
	if err != nil {
		return Tokens{}, err
	}
	var next token.Token
	if of, next, err = s.use(ctx, of, presented, s.rotate); err != nil {
		return Tokens{}, err
	}
	return s.issue(of, roles, next)
}

// Switch begins a session for another tenant of the same user, which ends when
// the one it came from would. The token stays as it is: it is as good as before.
func (s *Store) Switch(ctx context.Context, text string, tenant uuid.UUID) (Tokens, error) {
	presented, of, err := s.find(ctx, text)
	if err != nil {
		return Tokens{}, err
	}
	refresh := token.New(token.Refresh, uuid.New())
	var roles Roles
	branch := func(ctx context.Context, tx pgx.Tx, r row, _ token.Token) (_ row, _ token.Token, err error) {
		if roles, err = s.roles(ctx, of.User, tenant); err != nil { // as in Start
			return row{}, token.Token{}, err
		}
		now := s.config.Clock()
		r.ID, r.Tenant, r.Created, r.Used = uuid.New(), tenant, now, now
		return r, refresh, s.insert(ctx, tx, r.Session, refresh, audit.TenantSwitched)
	}
	if of, _, err = s.use(ctx, of, presented, branch, tenant); err != nil {
		return Tokens{}, err
	}
	return s.issue(of, roles, refresh)
}

// find looks a token's family up. A token that we cannot have made is refused
// without a look-up. The id is not the session's, which others see in access
// tokens: to end a session by a wrong token takes a right one.
func (s *Store) find(ctx context.Context, text string) (token.Token, Session, error) {
	presented, ok := token.Parse(token.Refresh, text)
	if !ok {
		return token.Token{}, Session{}, ended()
	}
	found, err := s.query(ctx, s.config.Store.Reader(), "WHERE family = $1", family(presented))
	if err == nil && len(found) == 0 {
		err = ended()
	}
	if err != nil {
		return token.Token{}, Session{}, err
	}
	return presented, found[0].Session, nil
}

// row is a session with its tokens.
type row struct {
	Session
	current, previous, successor []byte
	rotated                      time.Time // zero before the first time
	ended                        *time.Time
}

type step func(ctx context.Context, tx pgx.Tx, r row, presented token.Token) (row, token.Token, error)

// use takes a step with a locked session, if it is alive and the token is the
// current one, or was until just now. Any other token of its family means that
// somebody has a copy.
func (s *Store) use(ctx context.Context, of Session, presented token.Token, take step, others ...uuid.UUID) (Session, token.Token, error) {
	var next token.Token
	var reused bool
	err := s.in(ctx, append(others, of.Tenant), func(tx pgx.Tx) error {
		if err := account.Hold(ctx, tx, of.User); err != nil {
			return err
		}
		r, err := s.lock(ctx, tx, of.ID)
		if err != nil {
			return err
		}
		if reused = !s.fresh(r, presented); reused {
			return nil // the login is ended below, in transactions that lock its sessions in order
		}
		r, next, err = take(ctx, tx, r, presented)
		of = r.Session
		return err
	})
	if err == nil && reused {
		err = errors.Join(s.end(ctx, "reused", audit.ReuseDetected, "WHERE login_id = $1", of.Login), ended())
	}
	return of, next, err
}

// fresh tells whether a token of the family may be used now.
func (s *Store) fresh(r row, presented token.Token) bool {
	hash := presented.Hash()
	return bytes.Equal(hash, r.current) || bytes.Equal(hash, r.previous) && s.inGrace(r)
}

func (s *Store) inGrace(r row) bool { return s.config.Clock().Sub(r.rotated) <= s.config.Grace }

// lock returns the session if it is alive.
func (s *Store) lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (row, error) {
	found, err := s.query(ctx, tx, "WHERE id = $1 FOR UPDATE", id)
	if err != nil {
		return row{}, err
	}
	now := s.config.Clock()
	if len(found) == 0 || !s.alive(found[0], now) {
		return row{}, ended()
	}
	blocked, err := revocation.Blocked(ctx, tx, revocation.User(found[0].User.String()), now)
	if err == nil && blocked {
		err = ended()
	}
	return found[0], err
}

func (s *Store) alive(r row, now time.Time) bool {
	return r.ended == nil && now.Before(r.Expires) && now.Sub(r.Used) < s.config.Idle
}

const rotateSQL = `
UPDATE oksai_identity.sessions
SET generation = generation + 1, previous = current, current = $2, successor = $3, rotated_at = $4, used_at = $4
WHERE id = $1`

// rotate replaces the current token, at most once per grace period; within it,
// whoever comes gets the token that is current.
func (s *Store) rotate(ctx context.Context, tx pgx.Tx, r row, presented token.Token) (row, token.Token, error) {
	if s.inGrace(r) {
		if bytes.Equal(presented.Hash(), r.current) {
			return r, presented, nil
		}
		next, err := unsealSuccessor(r.successor, presented)
		return r, next, err
	}
	next := token.New(token.Refresh, presented.ID)
	sealed, err := sealSuccessor(next, presented)
	if err != nil {
		return row{}, token.Token{}, err
	}
	r.Used = s.config.Clock()
	if _, err := tx.Exec(ctx, rotateSQL, r.ID, next.Hash(), sealed, r.Used); err != nil {
		return row{}, token.Token{}, fmt.Errorf("rotate the refresh token of session %s: %w", r.ID, err)
	}
	return r, next, s.audit(ctx, tx, audit.Refreshed, r.Session)
}

const successor = "oksai refresh token's successor"

// successorSealer is made from a token's text, of which the database has only a hash.
func successorSealer(of token.Token) (*seal.Sealer, error) {
	key, err := hkdf.Key(sha256.New, []byte(of.Text().Reveal()), nil, successor, seal.KeyBytes)
	if err != nil {
		return nil, fmt.Errorf("make a key from a refresh token: %w", err)
	}
	return seal.New(key)
}

func sealSuccessor(next, of token.Token) ([]byte, error) {
	sealer, err := successorSealer(of)
	if err != nil {
		return nil, err
	}
	return sealer.Seal([]byte(next.Text().Reveal()), successor), nil
}

func unsealSuccessor(sealed []byte, of token.Token) (token.Token, error) {
	sealer, err := successorSealer(of)
	if err != nil {
		return token.Token{}, err
	}
	text, err := sealer.Open(sealed, successor)
	if err != nil {
		return token.Token{}, err
	}
	next, ok := token.Parse(token.Refresh, string(text))
	if !ok {
		return token.Token{}, errors.New("the stored successor of a refresh token is not one")
	}
	return next, nil
}

func family(t token.Token) []byte {
	hash := sha256.Sum256(t.ID[:])
	return hash[:]
}

func clip(client string) string {
	client = strings.ToValidUTF8(strings.ReplaceAll(client, "\x00", ""), "")
	for len(client) > maxClient {
		_, size := utf8.DecodeLastRuneInString(client)
		client = client[:len(client)-size]
	}
	return client
}

func ended() error {
	return problem.New(401, "SESSION_ENDED", "Session ended", "this session has ended; sign in again")
}
