package signin

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/signin/apikey"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
)

// Authenticator tells whose credential it is: an access token of ours, a token
// of an external issuer, or an API key. It fits httpx.Verifier.
//
// Whether a tenant may use the platform now is not asked here but by
// tenancy.Guard, which answers that clearly, and lets an owner through to pay.
type Authenticator struct {
	issuers authn.Issuers
	keys    *apikey.Store
	feed    *revocation.Feed
}

func (s *Service) authenticator() (*Authenticator, error) {
	own, err := authn.NewVerifier(authn.Config{
		Issuer: s.config.Name, Audience: s.config.Audience, Clock: s.config.Clock,
		// The ring answers from memory, so ask it whenever it may have changed.
		KeySet: s.Keys.JWKS, RefetchEvery: time.Second, MaxAge: time.Second,
	})
	if err != nil {
		return nil, err
	}
	verifiers := append([]*authn.Verifier{own}, s.config.Trusted...)
	var errs []error
	for _, e := range s.config.External {
		if e.Clock == nil {
			e.Clock = s.config.Clock
		}
		v, err := authn.NewExternal(e)
		verifiers, errs = append(verifiers, v), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	issuers, err := authn.NewIssuers(verifiers...)
	return &Authenticator{issuers, s.APIKeys, s.feed}, err
}

// Verify returns the principal, problem 401 for a credential that proves nothing
// or is revoked, and 503 where that cannot be told now.
func (a *Authenticator) Verify(ctx context.Context, credential string) (authn.Principal, error) {
	if apikey.Is(credential) {
		return a.keys.Verify(ctx, credential)
	}
	p, err := a.issuers.Verify(ctx, credential)
	if err != nil {
		return authn.Principal{}, err
	}
	subjects := []revocation.Subject{revocation.User(p.Subject)}
	if p.Session != uuid.Nil {
		subjects = append(subjects, revocation.Session(p.Session), revocation.Roles(p.Subject, p.Tenant, p.RolesVersion))
	}
	if err := a.feed.Check(subjects...); errors.Is(err, revocation.ErrRevoked) {
		return authn.Principal{}, problem.Unauthorized("the bearer token is not valid here; sign in again").Because(err)
	} else if err != nil {
		return authn.Principal{}, err
	}
	return p, nil
}
