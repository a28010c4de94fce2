package authn_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

const (
	issuer   = "https://id.example.com"
	audience = "oksai"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func devKeys(t *testing.T) *authn.DevKeys {
	t.Helper()
	keys, err := authn.LoadDevKeys(filepath.Join(t.TempDir(), "dev", "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func verifier(t *testing.T, jwks []byte) *authn.Verifier {
	t.Helper()
	v, err := authn.NewVerifier(authn.Config{Issuer: issuer, Audience: audience, JWKS: jwks, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func grant(p authn.Principal) authn.Grant {
	return authn.Grant{Issuer: issuer, Audience: audience, Principal: p, NotBefore: now, Expiry: now.Add(time.Hour)}
}

func status(err error) int {
	var p *problem.Error
	if !errors.As(err, &p) {
		return 0
	}
	return p.Status
}

func TestIssuedTokenNamesItsPrincipal(t *testing.T) {
	t.Parallel()
	keys := devKeys(t)
	v := verifier(t, keys.JWKS())
	for _, want := range []authn.Principal{
		{Subject: "ann", Tenant: uuid.New(), Roles: []string{"TenantAdmin", "TenantMember"}},
		{Subject: "root", Roles: []string{"PlatformAdmin"}},
		{Subject: "nobody special", Tenant: uuid.New()},
		{Subject: "counted", Roles: []string{"TenantAdmin"}, RolesVersion: 1 << 40},
	} {
		token, err := keys.Issue(grant(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Verify(context.Background(), token)
		if err != nil || got.Subject != want.Subject || got.Tenant != want.Tenant || !slices.Equal(got.Roles, want.Roles) || got.RolesVersion != want.RolesVersion {
			t.Errorf("Verify(Issue(%+v)) = %+v, %v", want, got, err)
		}
	}
}

func TestTimesAreCheckedWithSkew(t *testing.T) {
	t.Parallel()
	keys := devKeys(t)
	v := verifier(t, keys.JWKS())
	for name, c := range map[string]struct {
		notBefore, expiry time.Duration
		valid             bool
	}{
		"expired within skew":     {-time.Hour, -20 * time.Second, true},
		"expired":                 {-time.Hour, -40 * time.Second, false},
		"not yet within skew":     {20 * time.Second, time.Hour, true},
		"not yet valid":           {40 * time.Second, time.Hour, false},
		"expires in an odd past":  {-time.Hour, -24 * 365 * time.Hour, false},
		"valid in the far future": {365 * 24 * time.Hour, 366 * 24 * time.Hour, false},
	} {
		g := grant(authn.Principal{Subject: "ann"})
		g.NotBefore, g.Expiry = now.Add(c.notBefore), now.Add(c.expiry)
		token, err := keys.Issue(g)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(context.Background(), token); (err == nil) != c.valid {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
}

func TestExpiredTokenSaysSo(t *testing.T) {
	t.Parallel()
	keys := devKeys(t)
	g := grant(authn.Principal{Subject: "ann"})
	g.Expiry = now.Add(-time.Hour)
	token, err := keys.Issue(g)
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier(t, keys.JWKS()).Verify(context.Background(), token)
	var p *problem.Error
	if !errors.As(err, &p) || p.Status != 401 || !strings.Contains(p.Detail, "expired") {
		t.Errorf("Verify(expired) = %v", err)
	}
}

func TestConfigListsAllMistakes(t *testing.T) {
	t.Parallel()
	_, err := authn.NewVerifier(authn.Config{JWKSURL: "https://a", JWKSFile: "b"})
	if err == nil {
		t.Fatal("an empty config was accepted")
	}
	for _, want := range []string{"Issuer", "Audience", "exactly one"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not mention %q: %v", want, err)
		}
	}
	for _, bad := range []string{`{`, `{"keys":[]}`, `{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"x"}]}`} {
		if _, err := authn.NewVerifier(authn.Config{Issuer: issuer, Audience: audience, JWKS: []byte(bad)}); err == nil {
			t.Errorf("the key set %s was accepted", bad)
		}
	}
}
