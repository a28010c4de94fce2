package access_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
)

// TestLifeOfAUser goes the whole way over HTTP, and at its end looks for the
// secrets in all that was kept and told.
func TestLifeOfAUser(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	h.post("", "/register", `{"email": " Ann@Example.com ", "password": %q, "name": "Ann"}`, right).want(t, 204, "")
	h.post("", "/sign-in", `{"email": "ann@example.com", "password": %q}`, right).want(t, 403, "EMAIL_NOT_VERIFIED")
	token, _ := h.mailed(t, "ann@example.com")
	h.post("", "/confirm-email", `{"token": %q}`, token+"x").want(t, 403, "TOKEN_INVALID")
	h.post("", "/confirm-email", `{"token": %q}`, token).want(t, 204, "")
	h.post("", "/confirm-email", `{"token": %q}`, token).want(t, 403, "TOKEN_INVALID")
	h.post("", "/sign-in", `{"email": "ann@example.com", "password": %q, "tenant": %q}`, right, acme).want(t, 403, "NOT_A_MEMBER")

	found := into[struct{ Items []struct{ User_ID uuid.UUID } }](t, h.do(h.admin(t, uuid.Nil), "GET", "/users?email=ann@example.com", "").want(t, 200, ""))
	ann := user{found.Items[0].User_ID, "ann@example.com"}
	h.add(t, ann, acme, "TenantAdmin").want(t, 201, "")
	laptop := h.enter(t, ann, right)
	if laptop.Tenant != acme {
		t.Errorf("signed in to %s, want %s", laptop.Tenant, acme)
	}
	me := h.do(laptop.Access, "GET", "/me", "").want(t, 200, "")
	if !strings.Contains(me.body, "ann@example.com") || !strings.Contains(me.body, `"roles":["TenantAdmin"]`) {
		t.Errorf("me is %s", me.body)
	}

	laptop = h.manyRefresh(t, laptop)
	phone := h.enter(t, ann, right)
	h.keysLive(t, laptop)
	h.changePassword(t, ann, laptop, phone)
	h.signsOut(t, ann, laptop)
	h.showsNoSecret(t)
}

// manyRefresh refreshes one token a hundred times at once, and then an old one.
func (h *house) manyRefresh(t *testing.T, s tokens) tokens {
	t.Helper()
	answers := make([]answer, 100)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = h.refresh(s) })
	}
	all.Wait()
	successors := map[string]bool{}
	var next tokens
	for _, a := range answers {
		next = h.tokens(t, a)
		successors[next.Refresh] = true
	}
	if len(successors) != 1 || next.Refresh == s.Refresh {
		t.Errorf("100 refreshes led to %d successors", len(successors))
	}
	h.do(next.Access, "GET", "/me", "").want(t, 200, "")
	return next
}

func TestATokenThatComesBackEndsTheLogin(t *testing.T) {
	h := open(t)
	ann := h.member(t, "ann", h.tenant(t, "acme"), "TenantMember")
	first, other := h.enter(t, ann, right), h.enter(t, ann, right)
	second := h.tokens(t, h.refresh(first))
	h.after(t, time.Minute)
	h.refresh(first).want(t, 401, "SESSION_ENDED")
	h.refresh(second).want(t, 401, "SESSION_ENDED")
	h.locksOut(t, "the thief", second.Access)
	h.tokens(t, h.refresh(other))
	if h.trail.Count(audit.ReuseDetected) == 0 {
		t.Error("nobody is told")
	}
}

// keysLive makes an API key, uses and revokes it.
func (h *house) keysLive(t *testing.T, s tokens) {
	t.Helper()
	h.post(s.Access, "/api-keys", `{"name": "ci", "roles": ["TenantOwner"]}`).want(t, 403, "ROLE_ESCALATION")
	h.post(s.Access, "/api-keys", `{"name": "ci", "roles": ["PlatformAdmin"]}`).want(t, 403, "ROLE_ESCALATION")
	h.post(s.Access, "/api-keys", `{"name": "ci", "roles": ["TenantMember"], "expires_at": "2020-01-01T00:00:00Z"}`).want(t, 409, "EXPIRES_IN_THE_PAST")
	made := into[struct{ Key, Secret string }](t, h.post(s.Access, "/api-keys", `{"name": "ci", "roles": ["TenantMember"]}`).want(t, 200, ""))
	h.keep(made.Secret)
	who := h.do(made.Secret, "GET", "/me", "").want(t, 200, "")
	if !strings.Contains(who.body, "api-key:"+made.Key) {
		t.Errorf("the key is %s", who.body)
	}
	h.do(made.Secret, "GET", "/sessions", "").want(t, 403, "NOT_A_USER")
	if list := h.do(s.Access, "GET", "/api-keys", "").want(t, 200, ""); !strings.Contains(list.body, made.Key) || strings.Contains(list.body, made.Secret) {
		t.Errorf("keys are listed as %s", list.body)
	}
	stranger := h.tenant(t, "stranger")
	h.do(h.token(t, "eve", stranger, "TenantOwner"), "DELETE", "/api-keys/"+made.Key, "").want(t, 404, "NOT_FOUND")
	h.do(s.Access, "DELETE", "/api-keys/"+made.Key, "").want(t, 204, "")
	h.do(s.Access, "DELETE", "/api-keys/"+made.Key, "").want(t, 204, "")
	h.locksOut(t, "the key", made.Secret)
}

func (h *house) changePassword(t *testing.T, u user, here, elsewhere tokens) {
	t.Helper()
	h.post(here.Access, "/change-password", `{"old_password": %q, "new_password": %q}`, other, other).want(t, 401, "INVALID_CREDENTIALS")
	h.post(here.Access, "/change-password", `{"old_password": %q, "new_password": %q}`, right, other).want(t, 204, "")
	h.locksOut(t, "the other session", elsewhere.Access)
	h.do(here.Access, "GET", "/me", "").want(t, 200, "")
	h.post("", "/sign-in", `{"email": %q, "password": %q}`, u.email, right).want(t, 401, "INVALID_CREDENTIALS")
}

func (h *house) signsOut(t *testing.T, u user, here tokens) {
	t.Helper()
	h.after(t, time.Second) // lists are newest first
	there := h.enter(t, u, other)
	sessions := into[struct {
		Items []struct {
			Session uuid.UUID
			Client  string
			Current bool
		}
	}](t, h.do(here.Access, "GET", "/sessions", "").want(t, 200, ""))
	if len(sessions.Items) != 2 || sessions.Items[0].Client != "Firefox" || sessions.Items[0].Current || !sessions.Items[1].Current {
		t.Errorf("sessions are %+v", sessions.Items)
	}
	h.do(here.Access, "DELETE", "/sessions/"+uuid.NewString(), "").want(t, 404, "SESSION_UNKNOWN")
	h.do(here.Access, "DELETE", "/sessions/"+there.Session.String(), "").want(t, 204, "")
	h.locksOut(t, "the session that was ended", there.Access)
	there = h.enter(t, u, other)
	h.post(there.Access, "/sign-out", "").want(t, 204, "")
	h.locksOut(t, "who signed out", there.Access)
	h.refresh(there).want(t, 401, "SESSION_ENDED")
	there = h.enter(t, u, other)
	h.post(here.Access, "/sign-out-everywhere", "").want(t, 204, "")
	for _, s := range []tokens{here, there} {
		h.locksOut(t, "a session of who signed out everywhere", s.Access)
		h.refresh(s).want(t, 401, "SESSION_ENDED")
	}
}

func TestAPasswordIsReset(t *testing.T) {
	h := open(t)
	ann := h.member(t, "ann", h.tenant(t, "acme"), "TenantMember")
	before := h.enter(t, ann, right)
	h.post("", "/request-password-reset", `{"email": "nobody@example.com"}`).want(t, 204, "")
	h.post("", "/request-password-reset", `{"email": %q}`, ann.email).want(t, 204, "")
	token, _ := h.mailed(t, ann.email)
	h.post("", "/reset-password", `{"token": %q, "password": "short"}`, token).want(t, 400, "INVALID_REQUEST")
	h.post("", "/confirm-email", `{"token": %q}`, token).want(t, 403, "TOKEN_INVALID")
	h.post("", "/reset-password", `{"token": %q, "password": %q}`, token, other).want(t, 204, "")
	h.post("", "/reset-password", `{"token": %q, "password": %q}`, token, right).want(t, 403, "TOKEN_INVALID")
	h.locksOut(t, "who was signed in before", before.Access)
	h.post("", "/sign-in", `{"email": %q, "password": %q}`, ann.email, right).want(t, 401, "INVALID_CREDENTIALS")
	h.enter(t, ann, other)
	h.showsNoSecret(t)
}

// TestRegisteringTellsNothing: whether an address is taken is told by mail, to who has it.
func TestRegisteringTellsNothing(t *testing.T) {
	h := open(t)
	ann := h.user(t, "ann")
	free := h.post("", "/register", `{"email": "bob@example.com", "password": %q}`, right)
	taken := h.post("", "/register", `{"email": %q, "password": %q}`, ann.email, other)
	if free.status != 204 || taken.status != free.status || taken.body != free.body {
		t.Errorf("a free address: %d %s; a taken one: %d %s", free.status, free.body, taken.status, taken.body)
	}
	if token, subject := h.mailed(t, ann.email); token != "" || subject != "You are registered already" {
		t.Errorf("mailed %q with the token %q", subject, token)
	}
	unknown := h.post("", "/sign-in", `{"email": "nobody@example.com", "password": %q}`, right)
	wrong := h.post("", "/sign-in", `{"email": %q, "password": %q}`, ann.email, other)
	unverified := h.post("", "/sign-in", `{"email": "bob@example.com", "password": %q}`, other)
	for _, a := range []answer{unknown, wrong, unverified} {
		if a.want(t, 401, "INVALID_CREDENTIALS"); a.detail(t) != wrong.detail(t) {
			t.Errorf("%s differs from %s", a.body, wrong.body)
		}
	}
}

func (a answer) detail(t *testing.T) string {
	t.Helper()
	return into[struct{ Title, Detail, Type string }](t, a).Detail
}

func TestGuessingIsSlow(t *testing.T) {
	h := open(t)
	ann := h.member(t, "ann", h.tenant(t, "acme"), "TenantMember")
	known := h.post("", "/sign-in", `{"email": %q, "password": %q}`, ann.email, right).want(t, 200, "")
	cookie := strings.Split(known.header.Get("Set-Cookie"), ";")[0]
	var last answer
	for range 10 {
		last = h.post("", "/sign-in", `{"email": %q, "password": %q}`, ann.email, other)
	}
	last.want(t, 429, "TOO_MANY_ATTEMPTS")
	if last.header.Get("Retry-After") == "" {
		t.Error("nobody is told how long to wait")
	}
	h.post("", "/sign-in", `{"email": %q, "password": %q}`, ann.email, right).want(t, 429, "TOO_MANY_ATTEMPTS")
	body, err := json.Marshal(map[string]string{"email": ann.email, "password": right})
	check(t, err)
	h.do("", "POST", "/sign-in", string(body), cookie).want(t, 200, "")
}

func TestOneUserTwoTenants(t *testing.T) {
	h := open(t)
	acme, beta, stranger := h.tenant(t, "acme"), h.tenant(t, "beta"), h.tenant(t, "stranger")
	ann := h.member(t, "ann", acme, "TenantAdmin")
	h.Sleep(h.Now().Add(time.Second))
	h.add(t, ann, beta, "TenantMember").want(t, 201, "")
	atAcme := h.enter(t, ann, right)
	if atAcme.Tenant != acme {
		t.Errorf("signed in to %s", atAcme.Tenant)
	}
	named := h.tokens(t, h.post("", "/sign-in", `{"email": %q, "password": %q, "tenant": %q}`, ann.email, right, beta))
	h.post("", "/sign-in", `{"email": %q, "password": %q, "tenant": %q}`, ann.email, right, stranger).want(t, 403, "NOT_A_MEMBER")
	atBeta := h.tokens(t, h.post("", "/switch-tenant", `{"refresh_token": %q, "tenant": %q}`, atAcme.Refresh, beta))
	h.post("", "/switch-tenant", `{"refresh_token": %q, "tenant": %q}`, atAcme.Refresh, stranger).want(t, 403, "NOT_A_MEMBER")
	if named.Tenant != beta || atBeta.Tenant != beta {
		t.Errorf("at beta: %s, %s", named.Tenant, atBeta.Tenant)
	}
	h.post(atBeta.Access, "/invitations", `{"email": "bob@example.com", "roles": ["TenantMember"]}`).want(t, 403, "FORBIDDEN")
	// Leaving one tenant ends nothing of the other.
	h.post(h.admin(t, beta), "/members/"+ann.id.String()+"/remove", "").want(t, 200, "")
	h.locksOut(t, "who was removed", atBeta.Access)
	h.refresh(atBeta).want(t, 403, "NOT_A_MEMBER")
	h.do(atAcme.Access, "GET", "/me", "").want(t, 200, "")
	h.tokens(t, h.refresh(atAcme))
}
