package httpx

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Operation is who may call one operation of an API, and in which terms.
type Operation struct {
	// Name is the operation's name in the spec, e.g. "StartJob".
	Name string
	// Roles: any one of them is enough. None: any valid token is.
	Roles []string
	// Public operations ask for no token, and know of no caller.
	Public bool
	// AnyTenantStatus allows it while the tenant is suspended, too.
	AnyTenantStatus bool
	// Stores: it begins something that fills the tenant's storage.
	Stores bool
	// Platform operations need no tenant in the token.
	Platform bool
	// Query are the names of its query parameters, Lists those that hold several
	// values and so never none.
	Query, Lists []string
	// Body names the form of its body; empty if it takes none.
	Body string
	// Raw operations take any body, as it came; see Raw.
	Raw bool
}

// Verifier tells whose token it is.
type Verifier interface {
	Verify(ctx context.Context, token string) (authn.Principal, error)
}

// Guard tells whether a tenant may use the platform now.
type Guard interface {
	Check(ctx context.Context, tenant uuid.UUID) error
	// Exists tells whether there is such a tenant, whatever it may do.
	Exists(ctx context.Context, tenant uuid.UUID) error
}

// Authorize returns a context with the principal that token names, if op is
// allowed to it; otherwise a *problem.Error with status 401, 403 or 503.
// A nil Guard lets every tenant pass.
func Authorize(ctx context.Context, v Verifier, g Guard, token string, op Operation) (context.Context, error) {
	if op.Name == "" {
		// The zero Operation would be open to every token.
		return nil, errors.New("httpx: authorize: the operation has no access rule: the generated table of operations lacks it")
	}
	if token == "" {
		return nil, errNoToken()
	}
	p, err := v.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	x := exchangeOf(ctx)
	x.principal = p
	chooses := op.letsChoose(p)
	if chooses && len(x.tenantHeader) == 1 {
		p.Tenant, _ = uuid.Parse(x.tenantHeader[0]) // what is no id is no tenant
		x.principal = p
	}
	if err := agree(p, x.tenantHeader); err != nil {
		return nil, err
	}
	if p.Tenant == uuid.Nil && !op.Platform {
		return nil, errNoTenant(op, chooses)
	}
	if len(op.Roles) > 0 && !p.HasAny(op.Roles...) {
		return nil, problem.Forbidden(op.Name + " needs one of the roles " + strings.Join(op.Roles, ", "))
	}
	if err := op.checkTenant(ctx, g, p.Tenant, chooses); err != nil {
		return nil, err
	}
	return authn.With(ctx, p), nil
}

// letsChoose reports whether p works for the platform and may do this for any
// tenant, which X-Tenant-ID then names.
func (op Operation) letsChoose(p authn.Principal) bool {
	return p.Tenant == uuid.Nil && !op.Platform && p.HasAny(authn.PlatformRole) && slices.Contains(op.Roles, authn.PlatformRole)
}

// checkTenant asks the guard. The platform's people also work for tenants that
// may not act themselves.
func (op Operation) checkTenant(ctx context.Context, g Guard, tenant uuid.UUID, chosen bool) error {
	switch {
	case g == nil || tenant == uuid.Nil || op.AnyTenantStatus && !chosen:
		return nil
	case chosen:
		return g.Exists(ctx, tenant)
	}
	return g.Check(ctx, tenant)
}

func errNoTenant(op Operation, chooses bool) *problem.Error {
	hint := "use a token issued for a tenant"
	if chooses {
		hint = "name one in " + TenantHeader
	}
	return problem.New(403, "TENANT_REQUIRED", "Tenant required", "%s works on a tenant's data, and the token names no tenant; %s", op.Name, hint)
}

// bearer is the token of the one Authorization header, "" if there is none.
func bearer(h http.Header) string {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "" // which of two would hold is anyone's guess
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Admitted is for ogen's servers, which ask for themselves who is calling: it
// refuses a request that did not come through the server's own admission.
func Admitted(ctx context.Context) (context.Context, error) {
	if _, ok := authn.From(ctx); !ok {
		return nil, errNoToken()
	}
	return ctx, nil
}

func errNoToken() *problem.Error {
	return problem.Unauthorized("send one bearer token in the Authorization header")
}

// agree refuses an X-Tenant-ID that is not the caller's tenant. The header can
// confirm whom a client thinks it works for; only the platform's people, whose
// tokens name no tenant, choose with it.
func agree(p authn.Principal, headers []string) error {
	for _, h := range headers {
		if id, err := uuid.Parse(h); err != nil || id != p.Tenant || p.Tenant == uuid.Nil {
			return problem.New(403, "TENANT_MISMATCH", "Tenant mismatch", "%s is not the tenant of the token; leave the header out or use a token issued for that tenant", TenantHeader)
		}
	}
	return nil
}
