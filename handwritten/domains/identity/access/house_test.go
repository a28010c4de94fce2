package access_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/gen/identity/server"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/identity"
	"github.com/oksai/oksai/handwritten/domains/identity/access"
	tenantrules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/mail"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/schema"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
	"github.com/oksai/oksai/sql"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const right, other = "correct horse battery", "staple of another kind"

// house is the identity module over HTTP, on a real database. Its clock stands still.
type house struct {
	*platformtest.Platform
	handler http.Handler
	signIn  *signin.Service
	means   identity.Means
	tenants *tenant.Tenants
	trail   *signintest.Trail
	mail    string
	admins  *authn.DevKeys

	mu      sync.Mutex
	log     bytes.Buffer
	secrets []string // all that must show nowhere
	told    []string // all that was answered
}

// Write takes the log.
func (h *house) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(line)
}

func open(t *testing.T, change ...func(*signin.Config, *service.Deps)) *house {
	t.Helper()
	h := &house{Platform: platformtest.Open(t, noon, sql.Identity, sql.Tenant), trail: &signintest.Trail{}, mail: t.TempDir(), secrets: []string{right, other}}
	check(t, schema.Migrate(t.Context(), h.URL))
	log := slog.New(slog.NewJSONHandler(h, nil))
	var err error
	h.admins, err = authn.LoadDevKeys(filepath.Join(t.TempDir(), "key"))
	check(t, err)
	trusted, err := authn.NewVerifier(authn.Config{Issuer: "test", Audience: "oksai", JWKS: h.admins.JWKS(), Clock: h.Now})
	check(t, err)
	sealer, err := seal.New(bytes.Repeat([]byte{1}, seal.KeyBytes))
	check(t, err)
	config := signin.Config{
		Store: h.Store, Sealer: sealer, Name: "oksai", Audience: "oksai", Trusted: []*authn.Verifier{trusted}, Auditor: h.trail, Clock: h.Now, Log: log,
		Password: password.Config{Params: password.Params{Memory: 64, Time: 1, Threads: 1}},
	}
	deps := service.Deps{Store: h.Store, Clock: h.Now, Log: log, Mail: mail.Folder(h.mail)}
	for _, c := range change {
		c(&config, &deps)
	}
	h.signIn, err = signin.Open(t.Context(), config)
	check(t, err)
	outboxtest.Go(t, h.signIn.Run)
	deps.SignIn, deps.Verifier = h.signIn, h.signIn.Authenticator
	h.serve(t, deps)
	return h
}

func (h *house) serve(t *testing.T, deps service.Deps) {
	t.Helper()
	tenantRepos := tenant.NewRepositories(h.Store, deps.Options()...)
	h.tenants = tenant.NewTenants(tenantRepos, tenantrules.Rules{})
	deps.Guard = tenancy.NewGuard(h, time.Millisecond, time.Now)
	repos := identity.NewRepositories(h.Store, rules.Rules{}, deps.Options()...)
	h.means = identity.Means{Repositories: repos, Users: identity.NewUsers(repos, rules.Rules{}), Members: identity.NewMembers(repos, rules.Rules{}, tenantRepos), Invitations: identity.NewInvitations(repos, rules.Rules{})}
	operations, err := access.New(deps, h.means)
	check(t, err)
	module, err := server.New(deps, repos, operations, h.means.Users, h.means.Members, h.means.Invitations)
	check(t, err)
	s, err := httpx.NewServer(httpx.Config{App: "test", Addr: "127.0.0.1:0", Log: deps.Log, Registry: prometheus.NewRegistry()}, module.HTTP)
	check(t, err)
	h.handler = s.Handler()
}

// Status implements tenancy.Directory.
func (h *house) Standing(ctx context.Context, id uuid.UUID) (tenancy.Standing, error) {
	loaded, err := h.tenants.Repository().Load(ctx, uuid.Nil, id)
	if err != nil {
		return tenancy.Standing{Status: tenancy.Unknown}, nil
	}
	if tenant.TenantMayAct(loaded.State) {
		return tenancy.Standing{Status: tenancy.Active}, nil
	}
	return tenancy.Standing{Status: tenancy.Suspended}, nil
}

// answer is what a request got.
type answer struct {
	status int
	body   string
	header http.Header
}

func (a answer) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal([]byte(a.body), &p)
	return p.Code
}

func (a answer) want(t *testing.T, status int, code string) answer {
	t.Helper()
	if a.status != status || code != "" && a.code() != code {
		t.Fatalf("answered %d %s, want %d %s", a.status, a.body, status, code)
	}
	return a
}

func into[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	check(t, json.Unmarshal([]byte(a.body), &v))
	return v
}

// do sends a request; body is JSON, a token may be empty.
func (h *house) do(token, method, path, body string, cookies ...string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, c := range cookies {
		r.Header.Add("Cookie", c)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.Code >= 400 {
		h.told = append(h.told, w.Body.String())
	}
	return answer{w.Code, w.Body.String(), w.Header()}
}

func (h *house) post(token, path, format string, args ...any) answer {
	return h.do(token, "POST", path, fmt.Sprintf(format, args...))
}

// admin is a token of an operator's, in a tenant if it is not zero.
func (h *house) admin(t *testing.T, in uuid.UUID) string {
	t.Helper()
	return h.token(t, "root", in, "PlatformAdmin")
}

func (h *house) token(t *testing.T, subject string, in uuid.UUID, roles ...string) string {
	t.Helper()
	token, err := h.admins.Issue(authn.Grant{
		Issuer: "test", Audience: "oksai", NotBefore: h.Now(), Expiry: h.Now().Add(24 * time.Hour),
		Principal: authn.Principal{Subject: subject, Tenant: in, Roles: roles},
	})
	check(t, err)
	return token
}

// tenant opens one.
func (h *house) tenant(t *testing.T, slug string) uuid.UUID {
	t.Helper()
	id := uuid.New()
	_, err := platformtest.Create(t.Context(), h.tenants.Repository(), id, id, h.tenants.CreateTenant, tenant.CreateTenant{Name: "Tenant " + slug, Slug: slug, Settings: tenant.NewSettings()})
	check(t, err)
	return id
}

var tokenForm = regexp.MustCompile(`oksaimail_[a-z0-9_]+`)

// mailed is the token in the last mail to an address, and the mail's subject.
func (h *house) mailed(t *testing.T, to string) (token, subject string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.mail, "*.eml"))
	check(t, err)
	slices.Sort(files)
	for _, file := range slices.Backward(files) {
		raw, err := os.ReadFile(file)
		check(t, err)
		text := string(raw)
		if strings.Contains(text, "To: <"+to+">\r\n") {
			_, subject, _ = strings.Cut(text, "Subject: ")
			subject, _, _ = strings.Cut(subject, "\r\n")
			token = tokenForm.FindString(text)
			h.keep(token)
			return token, subject
		}
	}
	t.Fatalf("nothing was mailed to %s", to)
	return "", ""
}

// keep remembers what must show nowhere.
func (h *house) keep(secrets ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range secrets {
		if s != "" {
			h.secrets = append(h.secrets, s)
		}
	}
}

// user is somebody with a confirmed address.
type user struct {
	id    uuid.UUID
	email string
}

func (h *house) user(t *testing.T, name string) user {
	t.Helper()
	u := user{email: name + "@example.com"}
	h.post("", "/register", `{"email": %q, "password": %q}`, u.email, right).want(t, 204, "")
	token, _ := h.mailed(t, u.email)
	h.post("", "/confirm-email", `{"token": %q}`, token).want(t, 204, "")
	found := into[struct{ Items []struct{ User_ID uuid.UUID } }](t, h.do(h.admin(t, uuid.Nil), "GET", "/users?email="+u.email, "").want(t, 200, ""))
	u.id = found.Items[0].User_ID
	return u
}

// member is a user who works for a tenant.
func (h *house) member(t *testing.T, name string, of uuid.UUID, roles ...string) user {
	t.Helper()
	u := h.user(t, name)
	h.add(t, u, of, roles...).want(t, 201, "")
	return u
}

func (h *house) add(t *testing.T, u user, to uuid.UUID, roles ...string) answer {
	t.Helper()
	list, err := json.Marshal(roles)
	check(t, err)
	return h.post(h.admin(t, to), "/members", `{"user": %q, "roles": %s}`, u.id, list)
}

// tokens are what a session lives by.
type tokens struct {
	Access  string    `json:"access_token"`
	Refresh string    `json:"refresh_token"`
	Session uuid.UUID `json:"session"`
	Tenant  uuid.UUID `json:"tenant"`
}

func (h *house) tokens(t *testing.T, a answer) tokens {
	t.Helper()
	got := into[tokens](t, a.want(t, 200, ""))
	h.keep(got.Access, got.Refresh)
	return got
}

func (h *house) enter(t *testing.T, u user, password string) tokens {
	t.Helper()
	return h.tokens(t, h.post("", "/sign-in", `{"email": %q, "password": %q, "client": "Firefox"}`, u.email, password))
}

func (h *house) refresh(with tokens) answer {
	return h.post("", "/refresh-session", `{"refresh_token": %q}`, with.Refresh)
}

// after lets time pass, and the replica hear of revocations.
func (h *house) after(t *testing.T, d time.Duration) {
	t.Helper()
	h.Sleep(h.Now().Add(d))
	outboxtest.Eventually(t, "the replica to hear of revocations", func() bool { return h.do(h.admin(t, uuid.Nil), "GET", "/me", "").status == 200 })
}

// locksOut waits until a credential is good for nothing.
func (h *house) locksOut(t *testing.T, who, credential string) {
	t.Helper()
	began := time.Now()
	outboxtest.Eventually(t, who+" to be locked out", func() bool { return h.do(credential, "GET", "/me", "").status == 401 })
	t.Logf("%s was locked out after %v", who, time.Since(began).Round(time.Millisecond))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
