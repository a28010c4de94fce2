// Package signin tells who is calling and keeps the means to tell it: passwords,
// sessions, signing keys, API keys, and who must not come in any more. It knows
// neither HTTP nor the modules of a product: those plug in through Members and
// Auditor.
//
// A user signs in by Accounts.Check and then Sessions.Start.
package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/apikey"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/onetime"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
	"github.com/oksai/oksai/handwritten/runtime/signin/signingkey"
)

// Config of a Service.
type Config struct {
	// Store gives the connections to a database that schema.Migrate has prepared.
	Store *eventstore.Store
	// Sealer keeps the signing keys.
	Sealer *seal.Sealer
	// Name and Audience are the iss and aud of our access tokens.
	Name, Audience string
	// Trusted verify tokens of others that say what ours do; External issuers say
	// it in their own way. Both are accepted beside ourselves.
	Trusted  []*authn.Verifier
	External []authn.External
	// Members may be told later, by Sessions.With.
	Members session.Members
	Auditor audit.Auditor

	// Password, Sessions and Keys have good defaults.
	Password password.Config
	Sessions session.Times
	Keys     signingkey.Schedule
	// Clock tells the time; time.Now by default.
	Clock func() time.Time
	// Log gets what operators must know; discarded by default.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	clock := c.Clock
	if clock == nil {
		clock = time.Now
	}
	// As PostgreSQL keeps it, so that what is written reads back equal.
	c.Clock = func() time.Time { return clock().UTC().Truncate(time.Microsecond) }
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Sessions == (session.Times{}) {
		c.Sessions = session.Usual
	}
	if c.Keys == (signingkey.Schedule{}) {
		c.Keys = signingkey.Daily
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	for what, missing := range map[string]bool{
		"Store": c.Store == nil, "Sealer": c.Sealer == nil, "Auditor": c.Auditor == nil,
		"Name": c.Name == "", "Audience": c.Audience == "",
	} {
		if missing {
			errs = append(errs, fmt.Errorf("signin: %s is not set", what))
		}
	}
	if c.Keys.Keep <= c.Sessions.Access {
		errs = append(errs, fmt.Errorf("signin: signing keys are kept for %v after their last use, and access tokens live for %v: keep the keys longer", c.Keys.Keep, c.Sessions.Access))
	}
	if c.Sessions.Access >= revocation.Memory {
		errs = append(errs, fmt.Errorf("signin: access tokens live for %v, longer than revocations are told (%v)", c.Sessions.Access, revocation.Memory))
	}
	return errors.Join(errs...)
}

// Service is all of sign-in. Its parts may be used concurrently.
type Service struct {
	Accounts      *account.Store
	Sessions      *session.Store
	APIKeys       *apikey.Store
	OneTime       *onetime.Store
	Keys          *signingkey.Ring
	Authenticator *Authenticator

	config Config
	feed   *revocation.Feed
}

// Open reads what a replica must know before it can serve: the signing keys and
// the revocations. It lists everything that is wrong with c.
func Open(ctx context.Context, c Config) (*Service, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &Service{config: c, feed: revocation.NewFeed(c.Store.Reader(), c.Clock)}
	var err error
	if s.Keys, err = signingkey.Open(ctx, signingkey.Config{Store: c.Store, Sealer: c.Sealer, Auditor: c.Auditor, Clock: c.Clock, Schedule: c.Keys}); err != nil {
		return nil, fmt.Errorf("signin: %w", err)
	}
	if err := s.feed.Poll(ctx); err != nil {
		return nil, fmt.Errorf("signin: %w", err)
	}
	s.Accounts = account.New(account.Config{Store: c.Store, Hasher: password.NewHasher(c.Password), Auditor: c.Auditor, Clock: c.Clock})
	s.Sessions = session.New(session.Config{
		Store: c.Store, Issuer: s.Keys, Members: c.Members, Auditor: c.Auditor, Clock: c.Clock,
		Name: c.Name, Audience: c.Audience, Times: c.Sessions,
	})
	s.APIKeys = apikey.New(apikey.Config{Store: c.Store, Feed: s.feed, Auditor: c.Auditor, Clock: c.Clock})
	s.OneTime = onetime.New(onetime.Config{Store: c.Store, Clock: c.Clock})
	s.Authenticator, err = s.authenticator()
	return s, err
}
