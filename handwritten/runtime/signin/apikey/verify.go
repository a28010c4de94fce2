package apikey

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
)

const (
	// maxKnown keys are remembered, a few megabytes.
	maxKnown = 10_000
	// lookAgain bounds how long a key is believed without a look-up. It must stay
	// well below revocation.Memory; what is revoked meanwhile is told by the feed.
	lookAgain = time.Minute
	// loadTimeout bounds a look-up that several callers wait for.
	loadTimeout = 5 * time.Second
)

// seen is a key that was found to be good.
type seen struct {
	key Key
	at  time.Time
}

var errUnknown = errors.New("there is no such API key")

// Is tells whether a credential means to be an API key.
func Is(text string) bool { return strings.HasPrefix(text, string(token.APIKey)) }

// Verify returns the principal that a key is for, problem 401 for one that is
// not valid, whatever the reason, and 503 where that cannot be told. A text that
// no key of ours can have is refused without a look-up.
func (s *Store) Verify(ctx context.Context, text string) (authn.Principal, error) {
	presented, ok := token.Parse(token.APIKey, text)
	if !ok {
		return authn.Principal{}, unauthorized(errors.New("malformed, or mistyped"))
	}
	key, err := s.key(ctx, presented)
	if errors.Is(err, errUnknown) {
		return authn.Principal{}, unauthorized(err)
	}
	if err != nil {
		return authn.Principal{}, problem.Unavailable("API keys cannot be looked up; retry shortly").Because(err)
	}
	now := s.config.Clock()
	if key.Expires != nil && !now.Before(*key.Expires) {
		return authn.Principal{}, unauthorized(errors.New("expired"))
	}
	if err := s.config.Feed.Check(revocation.APIKey(key.ID)); errors.Is(err, revocation.ErrRevoked) {
		return authn.Principal{}, unauthorized(err)
	} else if err != nil {
		return authn.Principal{}, err
	}
	s.used.note(key, now)
	return authn.Principal{Subject: Subject(key), Tenant: key.Tenant, Roles: key.Roles}, nil
}

// Subject is how events name who came with a key.
func Subject(k Key) string { return "api-key:" + k.ID.String() }

// key looks a key up, in memory where it was looked up just now. Only good keys
// are remembered: of others there is no end.
func (s *Store) key(ctx context.Context, presented token.Token) (Key, error) {
	name := string(presented.Hash())
	if known, ok := s.known.Get(name); ok && s.config.Clock().Sub(known.at) < lookAgain {
		return known.key, nil
	}
	loaded := s.loading.DoChan(name, func() (any, error) {
		// One caller asks for all who wait, so its cancellation must not fail them.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return s.load(ctx, presented)
	})
	select {
	case r := <-loaded:
		key, _ := r.Val.(Key)
		return key, r.Err
	case <-ctx.Done():
		return Key{}, context.Cause(ctx)
	}
}

func (s *Store) load(ctx context.Context, presented token.Token) (Key, error) {
	name := string(presented.Hash())
	at := s.config.Clock() // an answer is as old as its question
	found, err := s.query(ctx, "WHERE id = $1", presented.ID)
	if err != nil {
		return Key{}, err
	}
	if len(found) == 0 || subtle.ConstantTimeCompare(found[0].hash, presented.Hash()) != 1 || found[0].Revoked != nil {
		s.known.Remove(name)
		return Key{}, errUnknown
	}
	s.known.Add(name, seen{found[0].Key, at})
	return found[0].Key, nil
}

func unauthorized(cause error) error {
	return problem.Unauthorized("the API key is not valid here; make a new one").Because(fmt.Errorf("API key: %w", cause))
}
