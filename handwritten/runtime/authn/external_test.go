package authn_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
)

// company is an OpenID Connect issuer with a key of each kind, and some that
// must not be used.
type company struct {
	*httptest.Server
	rsa, weak, encrypts *rsa.PrivateKey
	ec                  *ecdsa.PrivateKey
	asked               atomic.Int32
	// names and keys replace what the discovery document says, if set.
	names, keys atomic.Pointer[string]
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{}
	var errs [4]error
	c.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	c.weak, errs[1] = rsa.GenerateKey(rand.Reader, 1024)
	c.encrypts, errs[2] = rsa.GenerateKey(rand.Reader, 2048)
	c.ec, errs[3] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		c.asked.Add(1)
		document := object{"issuer": c.URL, "jwks_uri": c.URL + "/keys"}
		if name := c.names.Load(); name != nil {
			document["issuer"] = *name
		}
		if keys := c.keys.Load(); keys != nil {
			document["jwks_uri"] = *keys
		}
		_ = json.NewEncoder(w).Encode(document)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		x, y := c.ec.X.FillBytes(make([]byte, 32)), c.ec.Y.FillBytes(make([]byte, 32))
		_ = json.NewEncoder(w).Encode(object{"keys": []object{
			rsaJWK(c.rsa, "kid", "rsa", "alg", "RS256", "use", "sig"), rsaJWK(c.weak, "kid", "weak"), rsaJWK(c.encrypts, "kid", "encrypts", "use", "enc"),
			{"kty": "EC", "crv": "P-256", "kid": "ec", "x": b64(x), "y": b64(y)}, {"kty": "oct", "k": b64([]byte("shared secret")), "kid": "oct"},
		}})
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func rsaJWK(key *rsa.PrivateKey, pairs ...any) object {
	return with(object{"kty": "RSA", "n": b64(key.N.Bytes()), "e": "AQAB"}, pairs...)
}

func (c *company) signRSA(t *testing.T, key *rsa.PrivateKey, header, claims object) string {
	t.Helper()
	input := b64(mustJSON(t, header)) + "." + b64(mustJSON(t, claims))
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64(signature)
}

func (c *company) signEC(t *testing.T, header, claims object) string {
	t.Helper()
	input := b64(mustJSON(t, header)) + "." + b64(mustJSON(t, claims))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, c.ec, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func (c *company) claims() object {
	return object{
		"iss": c.URL, "aud": audience, "sub": "bob", "exp": now.Add(time.Hour).Unix(), "sid": "not a uuid",
		"org": "018f3a4e-0000-7000-8000-000000000001", "realm": object{"roles": []string{"staff", "PlatformAdmin", "boss"}},
	}
}

func (c *company) external() authn.External {
	client := c.Client()
	client.Transport.(*http.Transport).DisableKeepAlives = true
	return authn.External{
		Name: "corporate", Issuer: c.URL, Audience: audience, TenantClaim: "org", RolesClaim: "realm.roles",
		Roles: map[string]string{"staff": "TenantMember", "boss": "TenantAdmin"}, Client: client, Clock: func() time.Time { return now },
	}
}

func (c *company) verifier(t *testing.T, e authn.External) *authn.Verifier {
	t.Helper()
	v, err := authn.NewExternal(e)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestExternalIssuerIsDiscovered(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	v := c.verifier(t, c.external())
	for name, token := range map[string]string{
		"RS256": c.signRSA(t, c.rsa, object{"alg": "RS256", "kid": "rsa"}, c.claims()),
		"ES256": c.signEC(t, object{"alg": "ES256", "kid": "ec"}, c.claims()),
	} {
		p, err := v.Verify(context.Background(), token)
		if err != nil || p.Subject != "corporate:bob" || p.Tenant.String() != c.claims()["org"] || !slices.Equal(p.Roles, []string{"TenantMember", "TenantAdmin"}) || p.Session != uuid.Nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if n := c.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	direct := c.external()
	direct.JWKSURL = c.URL + "/keys"
	if _, err := c.verifier(t, direct).Verify(context.Background(), c.signEC(t, object{"alg": "ES256", "kid": "ec"}, c.claims())); err != nil || c.asked.Load() != 1 {
		t.Errorf("with JWKSURL: %v, discovered %d times", err, c.asked.Load())
	}
}

// TestExternalTenantIsFixed: an issuer that belongs to one tenant speaks for no other.
func TestExternalTenantIsFixed(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	e := c.external()
	e.TenantClaim, e.Tenant = "", uuid.New()
	p, err := c.verifier(t, e).Verify(context.Background(), c.signRSA(t, c.rsa, object{"alg": "RS256", "kid": "rsa"}, with(c.claims(), "tenant", uuid.NewString())))
	if err != nil || p.Tenant != e.Tenant {
		t.Errorf("%+v, %v; want tenant %s", p, err, e.Tenant)
	}
}

func TestHostileExternalTokens(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	v := c.verifier(t, c.external())
	rs, es := object{"alg": "RS256", "kid": "rsa"}, object{"alg": "ES256", "kid": "ec"}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claimed := func(pairs ...any) string { return c.signRSA(t, c.rsa, rs, with(c.claims(), pairs...)) }
	for name, token := range map[string]string{
		"another key":             c.signRSA(t, other, rs, c.claims()),
		"a weak key":              c.signRSA(t, c.weak, object{"alg": "RS256", "kid": "weak"}, c.claims()),
		"a key for encryption":    c.signRSA(t, c.encrypts, object{"alg": "RS256", "kid": "encrypts"}, c.claims()),
		"RSA key, says ES256":     c.signRSA(t, c.rsa, object{"alg": "ES256", "kid": "rsa"}, c.claims()),
		"RSA key, says PS256":     c.signRSA(t, c.rsa, object{"alg": "PS256", "kid": "rsa"}, c.claims()),
		"EC key, RSA's kid":       c.signEC(t, object{"alg": "ES256", "kid": "rsa"}, c.claims()),
		"EC signature, RS256":     c.signEC(t, object{"alg": "RS256", "kid": "ec"}, c.claims()),
		"symmetric key's kid":     c.signEC(t, object{"alg": "ES256", "kid": "oct"}, c.claims()),
		"HS256":                   c.signEC(t, object{"alg": "HS256", "kid": "oct"}, c.claims()),
		"none":                    b64(mustJSON(t, object{"alg": "none", "kid": "rsa"})) + "." + b64(mustJSON(t, c.claims())) + ".AA",
		"no kid":                  c.signRSA(t, c.rsa, object{"alg": "RS256"}, c.claims()),
		"crit":                    c.signRSA(t, c.rsa, with(rs, "crit", []string{"exp"}), c.claims()),
		"our issuer":              claimed("iss", issuer),
		"issuer and a slash":      claimed("iss", c.URL+"/"),
		"another audience":        claimed("aud", "another client"),
		"expired":                 claimed("exp", now.Add(-time.Hour).Unix()),
		"not yet":                 claimed("nbf", now.Add(time.Hour).Unix()),
		"no expiry":               claimed("exp", nil),
		"no subject":              claimed("sub", nil),
		"long subject":            claimed("sub", strings.Repeat("x", 300)),
		"no tenant":               claimed("org", nil),
		"tenant zero":             claimed("org", uuid.Nil.String()),
		"tenant a list":           claimed("org", []string{uuid.NewString()}),
		"tenant a word":           claimed("org", "acme"),
		"tenant in our claim":     claimed("org", nil, "tenant", uuid.NewString()),
		"roles with a number":     claimed("realm", object{"roles": []any{1}}),
		"too many roles":          claimed("realm", object{"roles": strings.Split(strings.Repeat("r,", 70)+"r", ",")}),
		"ES256 with a cut r":      c.signEC(t, es, c.claims())[:100],
		"signature of RSA, empty": strings.Join(strings.Split(claimed(), ".")[:2], ".") + ".",
	} {
		if p, err := v.Verify(context.Background(), token); status(err) != 401 {
			t.Errorf("%s: %+v, %v; want 401", name, p, err)
		}
	}
	for name, token := range map[string]string{
		"no roles": claimed("realm", nil), "roles a string": claimed("realm", object{"roles": "staff"}), "realm a string": claimed("realm", "roles"),
		"roles of ours": claimed("realm", object{"roles": []string{"PlatformAdmin"}}, "roles", []string{"PlatformAdmin"}),
	} {
		if p, err := v.Verify(context.Background(), token); err != nil || len(p.Roles) != 0 {
			t.Errorf("%s: %+v, %v; want nobody special", name, p, err)
		}
	}
}

func TestFalseDiscoveryIsRefused(t *testing.T) {
	t.Parallel()
	evil := "http://evil.example.com/keys"
	for name, spoil := range map[string]func(*company){
		"about another issuer":   func(c *company) { c.names.Store(&evil) },
		"keys on an open way":    func(c *company) { c.keys.Store(&evil) },
		"the server is not here": func(c *company) { c.Close() },
	} {
		c := newCompany(t)
		spoil(c)
		token := c.signRSA(t, c.rsa, object{"alg": "RS256", "kid": "rsa"}, c.claims())
		if _, err := c.verifier(t, c.external()).Verify(context.Background(), token); status(err) != 503 {
			t.Errorf("%s: %v, want 503", name, err)
		}
	}
}

func TestExternalConfigListsAllMistakes(t *testing.T) {
	t.Parallel()
	_, err := authn.NewExternal(authn.External{Issuer: "http://id.example.com", JWKSURL: "ftp://x", TenantClaim: "org", Tenant: uuid.New()})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"Name", "exactly one of Tenant and TenantClaim", "RolesClaim", "http://id.example.com must be https", "ftp://x must be https"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not mention %q: %v", want, err)
		}
	}
}

func TestIssuersAreAskedForTheirOwn(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	keys := devKeys(t)
	ours, theirs := verifier(t, keys.JWKS()), c.verifier(t, c.external())
	if _, err := authn.NewIssuers(ours, ours); err == nil {
		t.Error("an issuer is accepted twice")
	}
	all, err := authn.NewIssuers(ours, theirs)
	if err != nil {
		t.Fatal(err)
	}
	token, err := keys.Issue(grant(authn.Principal{Subject: "ann", Session: uuid.New()}))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := all.Verify(context.Background(), token); err != nil || p.Subject != "ann" || p.Session == uuid.Nil {
		t.Errorf("ours: %+v, %v", p, err)
	}
	if p, err := all.Verify(context.Background(), c.signEC(t, object{"alg": "ES256", "kid": "ec"}, c.claims())); err != nil || p.Subject != "corporate:bob" {
		t.Errorf("theirs: %+v, %v", p, err)
	}
	if _, err := all.Verify(context.Background(), c.signEC(t, object{"alg": "ES256", "kid": "ec"}, with(c.claims(), "iss", issuer))); status(err) != 401 {
		t.Errorf("theirs in our name: %v", err)
	}
}
