package service

import (
	"context"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// operatorsOnly refuses everyone who does not work for the platform, whatever
// the operation would allow. It stands where tokens are verified, so that no
// operation can be reached around it.
type operatorsOnly struct{ httpx.Verifier }

// Verify implements httpx.Verifier.
func (o operatorsOnly) Verify(ctx context.Context, token string) (authn.Principal, error) {
	p, err := o.Verifier.Verify(ctx, token)
	if err == nil && !p.HasAny(authn.PlatformRole) {
		return p, problem.Forbidden("this app is for the platform's operators: it needs the role " + authn.PlatformRole)
	}
	return p, err
}
