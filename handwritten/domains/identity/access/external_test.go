package access_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/signin"
)

// company is an OpenID Connect issuer on this machine.
type company struct {
	*httptest.Server
	keys *authn.DevKeys
}

func newCompany(t *testing.T) company {
	t.Helper()
	keys, err := authn.LoadDevKeys(filepath.Join(t.TempDir(), "key"))
	check(t, err)
	mux := http.NewServeMux()
	c := company{httptest.NewServer(mux), keys}
	t.Cleanup(c.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": c.URL, "jwks_uri": c.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys.JWKS()) })
	return c
}

func (c company) token(t *testing.T, at time.Time, in uuid.UUID, roles ...string) string {
	t.Helper()
	token, err := c.keys.Issue(authn.Grant{
		Issuer: c.URL, Audience: "our-api", NotBefore: at, Expiry: at.Add(time.Hour),
		Principal: authn.Principal{Subject: "bob", Tenant: in, Roles: roles},
	})
	check(t, err)
	return token
}

// TestACompanysPeople come with tokens of their own issuer, and are who the
// configuration says: they bring no roles and no sessions of ours along.
func TestACompanysPeople(t *testing.T) {
	c := newCompany(t)
	h := open(t, func(config *signin.Config, _ *service.Deps) {
		config.External = []authn.External{{
			Name: "corporate", Issuer: c.URL, Audience: "our-api", TenantClaim: "tenant", RolesClaim: "roles", Roles: map[string]string{"boss": "TenantAdmin"},
			Client: c.Client(),
		}}
	})
	acme := h.tenant(t, "acme")
	bob := c.token(t, h.Now(), acme, "boss", "PlatformAdmin", "TenantOwner")
	me := h.do(bob, "GET", "/me", "").want(t, 200, "")
	if !strings.Contains(me.body, `"subject":"corporate:bob"`) || !strings.Contains(me.body, `"roles":["TenantAdmin"]`) {
		t.Errorf("bob is %s", me.body)
	}
	h.do(bob, "GET", "/members", "").want(t, 200, "")
	h.do(bob, "GET", "/users", "").want(t, 403, "FORBIDDEN")
	h.do(bob, "GET", "/sessions", "").want(t, 403, "NOT_A_USER")
	h.post(bob, "/sign-out", "").want(t, 403, "NOT_A_USER")
	h.post(bob, "/change-password", `{"old_password": %q, "new_password": %q}`, right, other).want(t, 403, "NOT_A_USER")
	h.post(bob, "/api-keys", `{"name": "ci", "roles": ["TenantOwner"]}`).want(t, 403, "ROLE_ESCALATION")
	h.do(c.token(t, h.Now(), acme, "nobody"), "GET", "/me", "").want(t, 403, "FORBIDDEN")
	h.do(c.token(t, h.Now().Add(-2*time.Hour), acme, "boss"), "GET", "/me", "").want(t, 401, "UNAUTHORIZED")
	h.do(newCompany(t).token(t, h.Now(), acme, "boss"), "GET", "/me", "").want(t, 401, "UNAUTHORIZED")
	// Who is blocked is blocked whoever vouches for them.
	check(t, h.signIn.Block(t.Context(), h.Store.Writer(), "corporate:bob", "operator"))
	h.locksOut(t, "bob", bob)
}
