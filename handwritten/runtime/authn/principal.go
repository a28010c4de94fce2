// Package authn answers who is calling: it verifies bearer tokens and carries
// the principal they name. What the principal may do is decided elsewhere.
package authn

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// PlatformRole is the role of those who work for the platform, not for a tenant.
const PlatformRole = "PlatformAdmin"

// UserRole is the role of those who are signed in without a tenant, whatever they
// may do in one.
const UserRole = "User"

// WithoutTenant tells whether a role is of tokens that name no tenant.
func WithoutTenant(role string) bool { return role == PlatformRole || role == UserRole }

// Principal is the verified caller.
type Principal struct {
	// Subject is the token's sub claim, stable for one user or client.
	Subject string
	// Tenant is the tenant the token was issued for; zero for who works for the platform itself, and for who has none yet.
	Tenant uuid.UUID
	// Roles are the names from platform.yaml that the token grants.
	Roles []string
	// RolesVersion grows with each change of the user's roles, so that tokens with
	// revoked ones can be refused; zero where nobody counts.
	RolesVersion int64
	// Session is the session the token was issued in; zero for API keys and for tokens of other issuers.
	Session uuid.UUID
}

// HasAny reports whether p holds at least one of roles.
func (p Principal) HasAny(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(p.Roles, role) })
}

type contextKey struct{}

// With returns a context that carries p.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the principal that With stored; false where nobody is signed in.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}
