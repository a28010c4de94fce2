package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/gen/tenant"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/signin"
)

// invite mails an invitation and returns its id and token.
func (h *house) invite(t *testing.T, to uuid.UUID, email string) (id, token string) {
	t.Helper()
	made := into[struct{ Invitation string }](t, h.post(h.token(t, "owner", to, "TenantOwner"), "/invitations", `{"email": %q, "roles": ["TenantAdmin"]}`, email).want(t, 200, ""))
	token, _ = h.mailed(t, strings.ToLower(email))
	return made.Invitation, token
}

func TestWhoIsInvitedJoins(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	_, token := h.invite(t, acme, "Bob@example.com")
	h.post("", "/join-tenant", `{"token": %q}`, token).want(t, 409, "PASSWORD_REQUIRED")
	h.post("", "/join-tenant", `{"token": %q, "password": %q, "name": "Bob"}`, token, right).want(t, 200, "")
	h.post("", "/join-tenant", `{"token": %q}`, token).want(t, 403, "TOKEN_INVALID")
	bob := h.tokens(t, h.post("", "/sign-in", `{"email": "bob@example.com", "password": %q}`, right))
	if bob.Tenant != acme {
		t.Errorf("bob is at %s", bob.Tenant)
	}
	h.post(bob.Access, "/invitations", `{"email": "cyd@example.com", "roles": ["TenantMember"]}`).want(t, 200, "")
	h.showsNoSecret(t)
}

func TestAUserJoinsAnotherTenant(t *testing.T) {
	h := open(t)
	ann := h.member(t, "ann", h.tenant(t, "acme"), "TenantMember")
	beta := h.tenant(t, "beta")
	_, token := h.invite(t, beta, ann.email)
	h.post("", "/join-tenant", `{"token": %q, "password": %q}`, token, other).want(t, 200, "")
	h.post("", "/sign-in", `{"email": %q, "password": %q}`, ann.email, other).want(t, 401, "INVALID_CREDENTIALS")
	h.tokens(t, h.post("", "/sign-in", `{"email": %q, "password": %q, "tenant": %q}`, ann.email, right, beta))
}

// TestWhoRegisteredForSomebodyElse gets nothing when the mailbox's owner joins.
func TestWhoRegisteredForSomebodyElse(t *testing.T) {
	h := open(t)
	h.post("", "/register", `{"email": "bob@example.com", "password": %q}`, other).want(t, 204, "")
	_, token := h.invite(t, h.tenant(t, "acme"), "bob@example.com")
	h.post("", "/join-tenant", `{"token": %q}`, token).want(t, 409, "PASSWORD_REQUIRED")
	h.post("", "/join-tenant", `{"token": %q, "password": %q}`, token, right).want(t, 200, "")
	h.post("", "/sign-in", `{"email": "bob@example.com", "password": %q}`, other).want(t, 401, "INVALID_CREDENTIALS")
	h.tokens(t, h.post("", "/sign-in", `{"email": "bob@example.com", "password": %q}`, right))
}

func TestAnInvitationIsOver(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	owner := h.token(t, "owner", acme, "TenantOwner")
	h.Follow(nil, identity.Timers(h.means.Invitations))
	revoked, token := h.invite(t, acme, "bob@example.com")
	h.post(owner, "/invitations/"+revoked+"/revoke", "").want(t, 200, "")
	h.post("", "/join-tenant", `{"token": %q, "password": %q}`, token, right).want(t, 403, "TOKEN_INVALID")
	expired, token := h.invite(t, acme, "cyd@example.com")
	h.Until(t, h.Now().Add(7*24*time.Hour-time.Microsecond))
	h.after(t, 0)
	h.do(owner, "GET", "/invitations/"+expired, "")
	h.Until(t, h.Now().Add(time.Microsecond))
	h.after(t, 0)
	h.post("", "/join-tenant", `{"token": %q, "password": %q}`, token, right).want(t, 403, "TOKEN_INVALID")
	state, err := h.means.Repositories.Invitations.Load(t.Context(), acme, uuid.MustParse(expired))
	check(t, err)
	if state.State.Status != identity.InvitationStatusExpired {
		t.Errorf("the invitation is %s", state.State.Status)
	}
}

func TestASuspendedTenantTakesNobodyIn(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	_, token := h.invite(t, acme, "bob@example.com")
	_, err := platformtest.Do(t.Context(), h.tenants.Repository(), acme, acme, h.tenants.SuspendTenant, tenant.SuspendTenant{Reason: "unpaid"})
	check(t, err)
	h.post("", "/join-tenant", `{"token": %q, "password": %q}`, token, right).want(t, 403, "TENANT_SUSPENDED")
}

// TestAFullTenant: the plan's limit holds for who is invited, and the token stays good.
func TestAFullTenant(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		h.member(t, name, acme, "TenantMember")
	}
	_, token := h.invite(t, acme, "bob@example.com")
	h.post("", "/join-tenant", `{"token": %q, "password": %q}`, token, right).want(t, 409, "TOO_MANY_USERS")
	h.upgrade(t, acme)
	h.post("", "/join-tenant", `{"token": %q, "password": %q}`, token, right).want(t, 200, "")
}

// TestTheFirstOperator is configured by address, and counts once it is confirmed.
func TestTheFirstOperator(t *testing.T) {
	h := open(t, func(_ *signin.Config, d *service.Deps) { d.FirstOperators = []string{"Root@example.com"} })
	root, ann := h.user(t, "root"), h.user(t, "ann")
	operator := h.enter(t, root, right)
	if operator.Tenant != uuid.Nil {
		t.Errorf("the operator is at %s", operator.Tenant)
	}
	h.do(h.enter(t, ann, right).Access, "GET", "/users", "").want(t, 403, "FORBIDDEN")
	h.post(operator.Access, "/users/"+ann.id.String()+"/appoint-operator", "").want(t, 200, "")
	second := h.enter(t, ann, right)
	h.do(second.Access, "GET", "/users", "").want(t, 200, "")
	h.post(operator.Access, "/users/"+ann.id.String()+"/dismiss-operator", "").want(t, 200, "")
	h.locksOut(t, "who was dismissed", second.Access)
	h.refresh(second).want(t, 401, "SESSION_ENDED")
}

// TestKeysArePublished: anybody can verify our tokens by what we publish.
func TestKeysArePublished(t *testing.T) {
	h := open(t)
	published := h.do("", "GET", "/.well-known/jwks.json", "").want(t, 200, "")
	own, err := h.signIn.Keys.JWKS(t.Context())
	check(t, err)
	type set struct {
		Keys []struct{ Kty, Crv, Alg, Use, Kid, X string }
	}
	got, want := into[set](t, published), into[set](t, answer{body: string(own)})
	if len(got.Keys) == 0 || len(got.Keys) != len(want.Keys) || got.Keys[0].X != want.Keys[0].X || got.Keys[0].Kid != want.Keys[0].Kid || got.Keys[0].Alg != "EdDSA" {
		t.Errorf("published %s, want %s", published.body, own)
	}
}
