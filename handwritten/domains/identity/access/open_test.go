package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestWhoHasJoinedNoTenant has a session in none, for what is theirs alone.
func TestWhoHasJoinedNoTenant(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	ann := h.user(t, "ann")
	alone := h.enter(t, ann, right)
	if me := h.do(alone.Access, "GET", "/me", "").want(t, 200, ""); alone.Tenant != uuid.Nil || !strings.Contains(me.body, `"roles":["User"]`) || !strings.Contains(me.body, `"memberships":[]`) {
		t.Errorf("signed in to %s as %s", alone.Tenant, me.body)
	}
	h.do(alone.Access, "GET", "/sessions", "").want(t, 200, "")
	for _, path := range []string{"/members", "/invitations", "/api-keys", "/security-events", "/members/" + ann.id.String()} {
		h.do(alone.Access, "GET", path, "").want(t, 403, "TENANT_REQUIRED")
	}
	h.do(alone.Access, "GET", "/users", "").want(t, 403, "FORBIDDEN")
	h.post(alone.Access, "/members", `{"user": %q}`, ann.id).want(t, 403, "TENANT_REQUIRED")

	h.post("", "/switch-tenant", `{"refresh_token": %q, "tenant": %q}`, alone.Refresh, acme).want(t, 403, "NOT_A_MEMBER")
	h.add(t, ann, acme, "TenantOwner").want(t, 201, "")
	atAcme := h.tokens(t, h.post("", "/switch-tenant", `{"refresh_token": %q, "tenant": %q}`, alone.Refresh, acme))
	h.do(atAcme.Access, "GET", "/members", "").want(t, 200, "")
	if again := h.enter(t, ann, right); again.Tenant != acme {
		t.Errorf("signed in to %s after joining %s", again.Tenant, acme)
	}
	h.after(t, time.Minute)
	h.tokens(t, h.refresh(alone))
	h.post(alone.Access, "/change-password", `{"old_password": %q, "new_password": %q}`, right, other).want(t, 204, "")
	h.post(alone.Access, "/sign-out", "").want(t, 204, "")
	h.locksOut(t, "who signed out", alone.Access)
}
