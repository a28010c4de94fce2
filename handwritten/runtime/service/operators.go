package service

import (
	"context"

	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	signin "github.com/oksai/oksai/handwritten/runtime/signin/audit"
)

// operatorsOnly refuses everyone who does not work for the platform, whatever
// the operation would allow. It stands where tokens are verified, so that no
// operation can be reached around it.
type operatorsOnly struct {
	httpx.Verifier
	// audit is told of those who are refused.
	audit func(context.Context, audit.Entry) error
}

// admit is who tells the callers that the app is for.
func (a App) admit(v httpx.Verifier, trail func(context.Context, audit.Entry) error) httpx.Verifier {
	if a.Operators {
		return operatorsOnly{v, trail}
	}
	return v
}

// Verify implements httpx.Verifier.
func (o operatorsOnly) Verify(ctx context.Context, token string) (authn.Principal, error) {
	p, err := o.Verifier.Verify(ctx, token)
	if err != nil || p.HasAny(authn.PlatformRole) {
		return p, err
	}
	refused := audit.Entry{Event: signin.Event{Kind: audit.Forbidden, User: p.Subject, Tenant: p.Tenant, Session: p.Session}}
	if err := o.audit(ctx, refused); err != nil {
		return p, err
	}
	return p, problem.Forbidden("this app is for the platform's operators: it needs the role " + authn.PlatformRole)
}
