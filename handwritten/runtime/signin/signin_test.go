package signin_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/apikey"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const right = "correct horse"

// everywhere is session.Members: everybody is a TenantMember of every tenant.
type everywhere struct{}

func (everywhere) Roles(context.Context, uuid.UUID, uuid.UUID) (session.Roles, error) {
	return session.Roles{Names: []string{"TenantMember"}, Version: 7}, nil
}

// platform is a database with what its replicas share.
type platform struct {
	url    string
	clock  *signintest.Clock
	trail  *signintest.Trail
	config signin.Config
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	sealer, err := seal.New(bytes.Repeat([]byte{1}, seal.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{url: signintest.Database(t), clock: signintest.NewClock(), trail: &signintest.Trail{}}
	p.config = signin.Config{
		Sealer: sealer, Name: "oksai", Audience: "api", Members: everywhere{}, Auditor: p.trail, Clock: p.clock.Now,
		Password: password.Config{Params: password.Params{Memory: 64, Time: 1, Threads: 1}},
	}
	return p
}

type replica struct {
	*signin.Service
	db *eventstore.Store
}

func (p *platform) start(t *testing.T) replica {
	t.Helper()
	config := p.config
	config.Store = signintest.Open(t, p.url)
	s, err := signin.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return replica{s, config.Store}
}

func (r replica) signIn(t *testing.T, user, tenant uuid.UUID) session.Tokens {
	t.Helper()
	if err := signintest.SetPassword(t.Context(), r.Accounts, user, right); err != nil {
		t.Fatal(err)
	}
	proof, err := r.Accounts.Check(t.Context(), account.Attempt{Login: user.String(), User: user, Source: "home", Password: secret.New(right)})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := r.Sessions.Start(t.Context(), proof, tenant, "test")
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func status(err error) int {
	var p *problem.Error
	switch {
	case err == nil:
		return 200
	case errors.As(err, &p):
		return p.Status
	}
	return 0
}

func (r replica) status(t *testing.T, credential secret.Text) int {
	t.Helper()
	_, err := r.Authenticator.Verify(t.Context(), credential.Reveal())
	return status(err)
}

// TestLifeOfASession goes through three months of a person's work, with two
// replicas, in minutes of the injected clock.
func TestLifeOfASession(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	a, b := p.start(t), p.start(t)
	user, tenant := uuid.New(), uuid.New()
	tokens, days := a.signIn(t, user, tenant), 0
	for ; ; days++ {
		for _, r := range []replica{a, b} {
			if err := signin.Tick(t.Context(), r.Service); err != nil {
				t.Fatal(err)
			}
		}
		next, err := a.Sessions.Refresh(t.Context(), tokens.Refresh.Reveal())
		if status(err) == 401 {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		tokens = next
		if got, err := b.Authenticator.Verify(t.Context(), tokens.Access.Reveal()); err != nil || got.Subject != user.String() || got.Tenant != tenant {
			t.Fatalf("day %d: %+v, %v", days, got, err)
		}
		p.clock.Advance(6 * time.Minute)
		if err := signin.Tick(t.Context(), b.Service); err != nil {
			t.Fatal(err)
		}
		if s := b.status(t, tokens.Access); s != 401 {
			t.Errorf("day %d: an access token of 6 minutes: %d", days, s)
		}
		a, b = b, a
		p.clock.Advance(23 * time.Hour)
	}
	if days < 90 || days > 95 {
		t.Errorf("the session lasted %d days", days)
	}
}

// TestRevokedWithinFiveSecondsEverywhere runs the services as they run in
// production, by the wall clock.
func TestRevokedWithinFiveSecondsEverywhere(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.config.Clock = time.Now
	a, b := p.start(t), p.start(t)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, r := range []replica{a, b} {
		running.Go(func() {
			if err := r.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	defer func() { stop(); running.Wait() }()

	tenant, by := uuid.New(), "ann"
	signedOut, disabled, everywhere := a.signIn(t, uuid.New(), tenant), a.signIn(t, uuid.New(), tenant), a.signIn(t, uuid.New(), tenant)
	demoted, kept := a.signIn(t, uuid.New(), tenant), a.signIn(t, uuid.New(), tenant)
	key, text, err := a.APIKeys.Create(t.Context(), apikey.Spec{Tenant: tenant, Roles: []string{"TenantMember"}, By: by})
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	// On a busy machine a feed may be too old for a moment, which is 503.
	until := func(done func(status int) bool, r replica, c secret.Text) {
		for began := time.Now(); !done(r.status(t, c)); <-tick.C {
			if time.Since(began) > time.Minute {
				t.Fatalf("still %d after a minute", r.status(t, c))
			}
		}
	}
	admitted, refused := func(s int) bool { return s == 200 }, func(s int) bool { return s == 401 }
	credentials := []secret.Text{signedOut.Access, disabled.Access, everywhere.Access, demoted.Access, text}
	for _, c := range credentials {
		until(admitted, a, c)
		until(admitted, b, c)
	}
	if err := errors.Join(
		a.Sessions.End(t.Context(), signedOut.Session.ID), a.Block(t.Context(), a.db.Writer(), disabled.Session.User.String(), by),
		revocation.Outdate(t.Context(), a.db.Writer(), revocation.Roles(demoted.Session.User.String(), tenant, 8), time.Now()),
		revocation.Outdate(t.Context(), a.db.Writer(), revocation.Roles(kept.Session.User.String(), tenant, 7), time.Now()),
		a.Sessions.EndAll(t.Context(), everywhere.Session.User, uuid.Nil), a.APIKeys.Revoke(t.Context(), tenant, key.ID, by),
	); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i, c := range credentials {
		for _, r := range []replica{a, b} {
			until(func(s int) bool { return !admitted(s) }, r, c)
			if took := time.Since(began); took > revocation.MaxStale {
				t.Errorf("credential %d is admitted for %v", i, took)
			}
		}
	}
	for _, c := range credentials {
		until(refused, a, c)
		until(refused, b, c)
	}
	until(admitted, b, kept.Access) // whose roles were read when the change was there
	if err := a.Unblock(t.Context(), a.db.Writer(), disabled.Session.User.String(), by); err != nil {
		t.Fatal(err)
	}
	until(admitted, b, disabled.Access)
}

// TestWithoutADatabase: for a few seconds the platform knows enough to go on.
func TestWithoutADatabase(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	r := p.start(t)
	tokens := r.signIn(t, uuid.New(), uuid.New())
	r.db.Close()
	for _, step := range []struct {
		advance time.Duration
		want    int
	}{{0, 200}, {revocation.MaxStale, 200}, {time.Millisecond, 503}} {
		p.clock.Advance(step.advance)
		if s := r.status(t, tokens.Access); s != step.want {
			t.Errorf("%v later: %d, want %d", step.advance, s, step.want)
		}
	}
}

func TestConfigListsAllMistakes(t *testing.T) {
	t.Parallel()
	_, err := signin.Open(t.Context(), signin.Config{Sessions: session.Times{Access: 2 * time.Hour}})
	if err == nil {
		t.Fatal("an empty configuration is accepted")
	}
	for _, want := range []string{"Store", "Sealer", "Auditor", "Name", "Audience", "keep the keys longer", "longer than revocations are told"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not mention %q: %v", want, err)
		}
	}
	p := newPlatform(t)
	p.config.Store = signintest.Open(t, p.url)
	p.config.External = []authn.External{{Name: "a", Issuer: "http://a.example.com"}, {Name: "a:b"}}
	if _, err := signin.Open(t.Context(), p.config); err == nil || !strings.Contains(err.Error(), "must be https") || !strings.Contains(err.Error(), "without colons") {
		t.Errorf("mistakes in external issuers: %v", err)
	}
}

// corporate is an external issuer on a server of the test.
type corporate struct {
	*authn.Signer
	*httptest.Server
}

func newCorporate(t *testing.T) corporate {
	t.Helper()
	signer, err := authn.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := authn.JWKS(signer)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": server.URL, "jwks_uri": server.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(jwks) })
	return corporate{signer, server}
}

func (c corporate) trust(tenant uuid.UUID) authn.External {
	client := c.Client()
	client.Transport.(*http.Transport).DisableKeepAlives = true // no connection outlives the test
	return authn.External{
		Name: "corporate", Issuer: c.URL, Audience: "api", Tenant: tenant, RolesClaim: "roles", Client: client,
		Roles: map[string]string{"staff": "TenantMember"},
	}
}

func TestExternalIssuerBesideOurs(t *testing.T) {
	t.Parallel()
	p, c, tenant := newPlatform(t), newCorporate(t), uuid.New()
	p.config.External = []authn.External{c.trust(tenant)}
	r := p.start(t)
	issue := func(g authn.Grant) string {
		g.NotBefore, g.Expiry = p.clock.Now(), p.clock.Now().Add(time.Hour)
		text, err := c.Issue(g)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good := issue(authn.Grant{Issuer: c.URL, Audience: "api", Principal: authn.Principal{
		Subject: "bob", Tenant: uuid.New(), Roles: []string{"PlatformAdmin", "staff"}, Session: uuid.New()}})
	got, err := r.Authenticator.Verify(t.Context(), good)
	if err != nil || got.Subject != "corporate:bob" || got.Tenant != tenant || !slices.Equal(got.Roles, []string{"TenantMember"}) || got.Session != uuid.Nil {
		t.Errorf("%+v, %v", got, err)
	}
	// Theirs is not ours, and ours is not theirs.
	if s := r.status(t, secret.New(issue(authn.Grant{Issuer: "oksai", Audience: "api", Principal: authn.Principal{Subject: "bob"}}))); s != 401 {
		t.Errorf("their key in our name: %d", s)
	}
	ours, err := r.Keys.Issue(authn.Grant{Issuer: c.URL, Audience: "api", Principal: authn.Principal{Subject: "bob"}, NotBefore: p.clock.Now(), Expiry: p.clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.status(t, secret.New(ours)); s != 401 {
		t.Errorf("our key in their name: %d", s)
	}
	if err := r.Block(t.Context(), r.db.Writer(), "corporate:bob", "ann"); err != nil {
		t.Fatal(err)
	}
	if err := signin.Tick(t.Context(), r.Service); err != nil {
		t.Fatal(err)
	}
	if s := r.status(t, secret.New(good)); s != 401 {
		t.Errorf("a blocked user of theirs: %d", s)
	}
}

// TestHostileCredentials: each is refused with 401, at once, without the database
// and without the issuers' servers.
func TestHostileCredentials(t *testing.T) {
	t.Parallel()
	p, c := newPlatform(t), newCorporate(t)
	p.config.External = []authn.External{c.trust(uuid.New())}
	r := p.start(t)
	tokens := r.signIn(t, uuid.New(), uuid.New())
	access := tokens.Access.Reveal()
	if s := r.status(t, tokens.Access); s != 200 {
		t.Fatalf("the honest token: %d", s)
	}
	c.Close()
	r.db.Close()
	parts := strings.Split(access, ".")
	b64 := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	claims := func(text string) string { return parts[0] + "." + b64(text) + "." + parts[2] }
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var details []string
	for name, credential := range map[string]string{
		"empty": "", "a word": "admin", "dots": "..", "a megabyte of dots": strings.Repeat(".", 1<<20), "a megabyte": strings.Repeat("a", 1<<20),
		"the refresh token": tokens.Refresh.Reveal(), "another kind of key": "oksaix_" + strings.Repeat("a", 85), "basic": "dXNlcjpwYXNz", "bearer twice": "Bearer " + access,
		"two tokens": access + "," + access, "token and key": access + token.New(token.APIKey, uuid.New()).Text().Reveal(), "NUL": access + "\x00", "newline": access + "\n",
		"no issuer": claims(`{}`), "issuer null": claims(`{"iss":null}`), "issuer a number": claims(`{"iss":1}`), "issuer a list": claims(`{"iss":["oksai"]}`),
		"issuer empty": claims(`{"iss":""}`), "issuer unknown": claims(`{"iss":"https://evil.example.com"}`), "issuer in capitals": claims(`{"iss":"OKSAI"}`),
		"issuer with a space": claims(`{"iss":"oksai "}`), "issuer with a NUL": claims(`{"iss":"oksai\u0000"}`), "issuer twice": claims(`{"iss":"oksai","iss":"https://evil.example.com"}`),
		"ISS": claims(`{"ISS":"oksai"}`), "ours, with another's payload": claims(`{"iss":"oksai","sub":"root","aud":"api","exp":9999999999}`),
		"payload a string": claims(`"oksai"`), "payload a list": claims(`[{"iss":"oksai"}]`), "payload cut": claims(string(payload[:len(payload)-1])), "payload deep": claims(strings.Repeat(`{"a":`, 1000)),
		"payload with more": claims(string(payload) + `{}`), "issuer long": claims(`{"iss":"` + strings.Repeat("x", 5000) + `"}`), "issuer a URL of ours": claims(`{"iss":"` + c.URL + `/../"}`),
		"external, alg none": b64(`{"alg":"none","kid":"x"}`) + "." + b64(`{"iss":"`+c.URL+`"}`) + ".AA", "external, HS256": b64(`{"alg":"HS256","kid":"x"}`) + "." + b64(`{"iss":"`+c.URL+`"}`) + ".AA",
		"external, no kid": b64(`{"alg":"RS256"}`) + "." + b64(`{"iss":"`+c.URL+`"}`) + ".AA", "ours, RS256": b64(`{"alg":"RS256","kid":"x"}`) + "." + parts[1] + "." + parts[2],
		"signature of nothing": parts[0] + "." + parts[1] + "." + b64(strings.Repeat("\x00", 64)), "signature long": access + strings.Repeat("A", 4000), "kid of nobody": b64(`{"alg":"EdDSA","kid":"nobody"}`) + "." + parts[1] + "." + parts[2],
		"padding": parts[0] + "=." + parts[1] + "." + parts[2], "JWE": access + ".a.b", "unicode dots": strings.ReplaceAll(access, ".", "．"),
	} {
		var err error
		took := signintest.Fastest(func() { _, err = r.Authenticator.Verify(t.Context(), credential) })
		var told *problem.Error
		if !errors.As(err, &told) || told.Status != 401 || told.Code != "UNAUTHORIZED" || len(told.Fields) > 0 {
			t.Errorf("%s: %v, want 401", name, err)
			continue
		}
		if took > 5*time.Millisecond {
			t.Errorf("%s: took %v", name, took)
		}
		details = append(details, told.Detail)
	}
	if len(details) < 40 {
		t.Errorf("only %d variants", len(details))
	}
	if details = slices.Compact(details); len(details) != 1 {
		t.Errorf("the answers tell hostile credentials apart: %q", details)
	}
}
