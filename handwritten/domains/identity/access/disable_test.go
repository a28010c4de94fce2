package access_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/tenant"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
)

func (h *house) disable(t *testing.T, u user) answer {
	t.Helper()
	return h.post(h.admin(t, uuid.Nil), "/users/"+u.id.String()+"/disable", `{"reason": "left"}`)
}

func (h *house) grant(t *testing.T, u user, of uuid.UUID, role string) answer {
	t.Helper()
	return h.post(h.token(t, "owner", of, "TenantOwner"), "/members/"+u.id.String()+"/grant-role", `{"role": %q}`, role)
}

func (h *house) revoke(t *testing.T, u user, of uuid.UUID, role string) answer {
	t.Helper()
	return h.post(h.token(t, "owner", of, "TenantOwner"), "/members/"+u.id.String()+"/revoke-role", `{"role": %q}`, role)
}

func TestADisabledUserIsLockedOut(t *testing.T) {
	h := open(t)
	acme, beta, gamma := h.tenant(t, "acme"), h.tenant(t, "beta"), h.tenant(t, "gamma")
	ann := h.member(t, "ann", acme, "TenantMember", "TenantAdmin")
	h.Sleep(h.Now().Add(time.Second)) // acme is joined first
	h.add(t, ann, beta, "TenantMember").want(t, 201, "")
	open := h.enter(t, ann, right)
	atBeta := h.tokens(t, h.post("", "/switch-tenant", `{"refresh_token": %q, "tenant": %q}`, open.Refresh, beta))
	key := into[struct{ Secret string }](t, h.post(open.Access, "/api-keys", `{"name": "ci", "roles": ["TenantMember"]}`).want(t, 200, "")).Secret
	h.keep(key)
	h.disable(t, ann).want(t, 200, "")
	began := time.Now()
	h.locksOut(t, "a disabled user", open.Access)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a disabled user went on for %v", took)
	}
	h.refresh(open).want(t, 401, "SESSION_ENDED")
	h.post("", "/sign-in", `{"email": %q, "password": %q}`, ann.email, right).want(t, 401, "INVALID_CREDENTIALS")
	h.grant(t, ann, acme, "Auditor").want(t, 409, "USER_DISABLED")
	h.add(t, ann, gamma, "TenantMember").want(t, 409, "USER_DISABLED")
	h.post(h.admin(t, uuid.Nil), "/users/"+ann.id.String()+"/appoint-operator", "").want(t, 409, "USER_DISABLED")

	h.post(h.admin(t, uuid.Nil), "/users/"+ann.id.String()+"/enable", "").want(t, 200, "")
	h.grant(t, ann, acme, "Auditor").want(t, 200, "")
	again := h.enter(t, ann, right).Access
	outboxtest.Eventually(t, "the user to be let in again", func() bool { return h.do(again, "GET", "/me", "").status == 200 })
	for _, before := range []tokens{open, atBeta} {
		h.do(before.Access, "GET", "/me", "").want(t, 401, "UNAUTHORIZED")
		h.refresh(before).want(t, 401, "SESSION_ENDED")
	}
	h.do(key, "GET", "/me", "").want(t, 200, "") // it is the tenant's
}

func TestAnOwnerCannotBeDisabled(t *testing.T) {
	h := open(t)
	acme, beta := h.tenant(t, "acme"), h.tenant(t, "beta")
	ann := h.member(t, "ann", acme, "TenantOwner")
	h.add(t, ann, beta, "TenantMember").want(t, 201, "")
	h.grant(t, ann, beta, "TenantOwner").want(t, 200, "")
	for name, of := range map[string]uuid.UUID{"bob": acme, "eve": beta} { // who own it when Ann does not
		h.member(t, name, of, "TenantOwner")
	}
	h.disable(t, ann).want(t, 409, "USER_OWNS_TENANT")
	h.grant(t, ann, acme, "TenantMember").want(t, 200, "")
	h.revoke(t, ann, acme, "TenantOwner").want(t, 200, "")
	h.disable(t, ann).want(t, 409, "USER_OWNS_TENANT")
	h.revoke(t, ann, beta, "TenantOwner").want(t, 200, "")
	h.disable(t, ann).want(t, 200, "")
}

// TestATenantKeepsAnOwner: 64 clients revoke all owners at the same time, and exactly one stays.
func TestATenantKeepsAnOwner(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	h.upgrade(t, acme)
	people := make([]user, 16)
	for i := range people {
		people[i] = h.member(t, "owner"+strings.Repeat("x", i), acme, "TenantOwner", "TenantMember")
	}
	var all sync.WaitGroup
	codes := make([]string, 64)
	for i := range codes {
		all.Go(func() { codes[i] = h.revoke(t, people[i%len(people)], acme, "TenantOwner").code() })
	}
	all.Wait()
	slices.Sort(codes)
	revoked := len(people) - 1
	if slices.ContainsFunc(codes[:revoked], func(code string) bool { return code != "" }) ||
		slices.ContainsFunc(codes[revoked:], func(code string) bool { return code != "LAST_OWNER" && code != "ROLE_NOT_GRANTED" }) {
		t.Errorf("the clients got %q", codes)
	}
	list := h.do(h.token(t, "owner", acme, "TenantOwner"), "GET", "/members?roles_any=TenantOwner", "").want(t, 200, "")
	if n := strings.Count(list.body, `"member_id"`); n != 1 {
		t.Errorf("%d owners are left: %s", n, list.body)
	}
}

// TestOwningAndDisablingExcludeEachOther: many users are made an owner and
// disabled at the same time; each ends as one of the two.
func TestOwningAndDisablingExcludeEachOther(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	h.upgrade(t, acme)
	for i := range 16 {
		u := h.member(t, "user"+strings.Repeat("x", i), acme, "TenantMember")
		var all sync.WaitGroup
		var owner, disabled atomic.Bool
		all.Go(func() { owner.Store(h.grant(t, u, acme, "TenantOwner").status == 200) })
		all.Go(func() { disabled.Store(h.disable(t, u).status == 200) })
		all.Wait()
		if owner.Load() == disabled.Load() {
			t.Errorf("user %d: owner %t, disabled %t", i, owner.Load(), disabled.Load())
		}
	}
}

func (h *house) upgrade(t *testing.T, id uuid.UUID) {
	t.Helper()
	_, err := platformtest.Do(t.Context(), h.tenants.Repository(), id, id, h.tenants.ChangePlan, tenant.ChangePlan{Plan: tenant.PlanPro})
	check(t, err)
}

func TestAnAdminMakesNoOwner(t *testing.T) {
	h := open(t)
	acme := h.tenant(t, "acme")
	ann := h.member(t, "ann", acme, "TenantAdmin")
	owner := h.member(t, "owner", acme, "TenantOwner", "TenantMember")
	admin := h.enter(t, ann, right).Access
	at := func(u user, what string) string { return "/members/" + u.id.String() + "/" + what }
	for _, c := range []struct {
		path, body string
		status     int
		code       string
	}{
		{at(ann, "grant-role"), `{"role": "TenantOwner"}`, 403, "ROLE_ESCALATION"},
		{at(ann, "grant-role"), `{"role": "PlatformAdmin"}`, 409, "NOT_A_TENANTS_ROLE"},
		{at(owner, "revoke-role"), `{"role": "TenantOwner"}`, 403, "ROLE_ESCALATION"},
		{at(owner, "remove"), ``, 409, "MEMBER_IS_OWNER"},
		{"/invitations", `{"email": "eve@example.com", "roles": ["TenantMember", "TenantOwner"]}`, 403, "ROLE_ESCALATION"},
		{"/invitations", `{"email": "eve@example.com", "roles": ["PlatformAdmin"]}`, 409, "NOT_A_TENANTS_ROLE"},
	} {
		h.do(admin, "POST", c.path, c.body).want(t, c.status, c.code)
	}
	h.post(admin, "/members", `{"user": %q, "roles": ["TenantOwner"]}`, ann.id).want(t, 403, "FORBIDDEN")
	h.post(admin, "/users/"+ann.id.String()+"/appoint-operator", "").want(t, 403, "FORBIDDEN")
}

// TestARevokedRoleIsLostAtOnce: the tokens that say it are refused, and the
// session goes on with the roles that are left.
func TestARevokedRoleIsLostAtOnce(t *testing.T) {
	h := open(t)
	acme, beta := h.tenant(t, "acme"), h.tenant(t, "beta")
	ann := h.member(t, "ann", acme, "TenantMember", "TenantAdmin")
	h.Sleep(h.Now().Add(time.Second)) // acme is joined first
	h.add(t, ann, beta, "TenantAdmin").want(t, 201, "")
	atAcme := h.enter(t, ann, right)
	atBeta := h.tokens(t, h.post("", "/switch-tenant", `{"refresh_token": %q, "tenant": %q}`, atAcme.Refresh, beta))
	h.do(atAcme.Access, "GET", "/invitations", "").want(t, 200, "")
	h.revoke(t, ann, acme, "TenantAdmin").want(t, 200, "")
	began := time.Now()
	h.locksOut(t, "who had a role", atAcme.Access)
	if took := time.Since(began); took > revocation.MaxStale {
		t.Errorf("a revoked role lasted for %v", took)
	}
	next := h.tokens(t, h.refresh(atAcme))
	if me := h.do(next.Access, "GET", "/me", "").want(t, 200, ""); !strings.Contains(me.body, `"roles":["TenantMember"]`) {
		t.Errorf("after the refresh: %s", me.body)
	}
	h.do(next.Access, "GET", "/invitations", "").want(t, 403, "FORBIDDEN")
	h.do(atBeta.Access, "GET", "/invitations", "").want(t, 200, "")
	h.grant(t, ann, acme, "TenantAdmin").want(t, 200, "")
	h.do(h.tokens(t, h.refresh(next)).Access, "GET", "/invitations", "").want(t, 200, "")
}

// TestAStrangersMemberIsNobody: another tenant's member answers as one that never was.
func TestAStrangersMemberIsNobody(t *testing.T) {
	h := open(t)
	acme, stranger := h.tenant(t, "acme"), h.tenant(t, "stranger")
	ann := h.member(t, "ann", acme, "TenantMember")
	eve := h.token(t, "eve", stranger, "TenantOwner")
	for _, path := range []string{"/members/%s", "/members/%s/history"} {
		foreign := h.do(eve, "GET", strings.Replace(path, "%s", ann.id.String(), 1), "").want(t, 404, "NOT_FOUND")
		missing := h.do(eve, "GET", strings.Replace(path, "%s", uuid.NewString(), 1), "").want(t, 404, "NOT_FOUND")
		if foreign.detail(t) != missing.detail(t) {
			t.Errorf("%s differs from %s", foreign.body, missing.body)
		}
	}
	if list := h.do(eve, "GET", "/members", "").want(t, 200, ""); strings.Contains(list.body, ann.email) {
		t.Errorf("a stranger sees %s", list.body)
	}
	h.grant(t, ann, stranger, "TenantAdmin").want(t, 404, "NOT_FOUND")
}
