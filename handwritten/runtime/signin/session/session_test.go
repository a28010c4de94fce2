package session_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

var (
	acme, beta, stranger = uuid.New(), uuid.New(), uuid.New()
	times                = session.Usual
)

// lab is a store with one user, Ann, who works for acme and beta.
type lab struct {
	*session.Store
	accounts *account.Store
	db       *eventstore.Store
	feed     *revocation.Feed
	clock    *signintest.Clock
	trail    *signintest.Trail
	verifier *authn.Verifier
	ann      uuid.UUID

	mu    sync.Mutex
	roles map[uuid.UUID][]string
	// version counts the changes of roles.
	version int64
	// asked is called when somebody asks for roles, if set.
	asked func()
}

// Roles implements session.Members.
func (l *lab) Roles(_ context.Context, user, tenant uuid.UUID) (session.Roles, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked != nil {
		l.asked()
	}
	if user != l.ann {
		return session.Roles{}, nil
	}
	return session.Roles{Names: l.roles[tenant], Version: l.version}, nil
}

func (l *lab) setRoles(tenant uuid.UUID, roles ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roles[tenant] = roles
	l.version++
}

func start(t *testing.T) *lab {
	t.Helper()
	l := &lab{db: signintest.Open(t, signintest.Database(t)), clock: signintest.NewClock(), trail: &signintest.Trail{}, ann: uuid.New()}
	l.roles = map[uuid.UUID][]string{acme: {"TenantAdmin"}, beta: {"TenantMember"}}
	l.feed = revocation.NewFeed(l.db.Reader(), l.clock.Now)
	signer, err := authn.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := authn.JWKS(signer)
	if err != nil {
		t.Fatal(err)
	}
	if l.verifier, err = authn.NewVerifier(authn.Config{Issuer: "oksai", Audience: "api", JWKS: jwks, Clock: l.clock.Now}); err != nil {
		t.Fatal(err)
	}
	hasher := password.NewHasher(password.Config{Params: password.Params{Memory: 64, Time: 1, Threads: 1}})
	l.accounts = account.New(account.Config{Store: l.db, Hasher: hasher, Auditor: l.trail, Clock: l.clock.Now})
	l.Store = session.New(session.Config{
		Store: l.db, Issuer: signer, Members: l, Auditor: l.trail, Clock: l.clock.Now, Name: "oksai", Audience: "api", Times: times,
	})
	if err := signintest.SetPassword(t.Context(), l.accounts, l.ann, "correct horse"); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) leave(t *testing.T, tenant uuid.UUID) error {
	t.Helper()
	return l.db.InTenants(t.Context(), []uuid.UUID{tenant}, func(tx pgx.Tx) error { return l.EndInTenant(t.Context(), tx, l.ann, tenant) })
}

func (l *lab) proof(t *testing.T) account.Proof {
	t.Helper()
	proof, err := l.accounts.Check(t.Context(), account.Attempt{Login: "ann", User: l.ann, Source: "home", Password: secret.New("correct horse")})
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

func (l *lab) signIn(t *testing.T, tenant uuid.UUID) session.Tokens {
	t.Helper()
	tokens, err := l.Start(t.Context(), l.proof(t), tenant, "Firefox on Linux")
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func (l *lab) refresh(t *testing.T, from session.Tokens) session.Tokens {
	t.Helper()
	tokens, err := l.Refresh(t.Context(), from.Refresh.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// dead tells whether a refresh token is worth nothing, and its session's access tokens are refused.
func (l *lab) dead(t *testing.T, of session.Tokens) bool {
	t.Helper()
	_, err := l.Refresh(t.Context(), of.Refresh.Reveal())
	if err := l.feed.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	revoked := errors.Is(l.feed.Check(revocation.Session(of.Session.ID)), revocation.ErrRevoked)
	if (code(err) == "SESSION_ENDED") != revoked {
		t.Fatalf("the refresh token gives %v, and the access token is refused: %v", err, revoked)
	}
	return revoked
}

func code(err error) string {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprint(err)
}

func TestTokensNameTheirSession(t *testing.T) {
	t.Parallel()
	l := start(t)
	tokens := l.signIn(t, acme)
	for range 3 {
		p, err := l.verifier.Verify(t.Context(), tokens.Access.Reveal())
		if err != nil || p.Subject != l.ann.String() || p.Tenant != acme || p.Session != tokens.Session.ID || !slices.Equal(p.Roles, []string{"TenantAdmin"}) {
			t.Fatalf("%+v, %v", p, err)
		}
		if tokens.AccessExpires.Sub(l.clock.Now()) != times.Access {
			t.Errorf("expires %v at %v", tokens.AccessExpires, l.clock.Now())
		}
		l.clock.Advance(times.Access)
		next := l.refresh(t, tokens)
		if next.Refresh.Reveal() == tokens.Refresh.Reveal() || next.Session.ID != tokens.Session.ID {
			t.Error("not rotated, or another session")
		}
		tokens = next
	}
	l.setRoles(acme, "TenantMember")
	l.clock.Advance(times.Access)
	if p, err := l.verifier.Verify(t.Context(), l.refresh(t, tokens).Access.Reveal()); err != nil || !slices.Equal(p.Roles, []string{"TenantMember"}) {
		t.Errorf("after a change of roles: %+v, %v", p, err)
	}
	l.clock.Advance(times.Access)
	l.setRoles(acme)
	if _, err := l.Refresh(t.Context(), tokens.Refresh.Reveal()); code(err) != "NOT_A_MEMBER" {
		t.Errorf("removed from the tenant: %v", err)
	}
}

// TestDatabaseHoldsNoToken: neither a token, nor what leads to one.
func TestDatabaseHoldsNoToken(t *testing.T) {
	t.Parallel()
	l := start(t)
	first := l.signIn(t, acme)
	second := l.refresh(t, first)
	var dump string
	tenants := []uuid.UUID{acme}
	rows, err := l.db.Reader().Query(t.Context(), "SELECT s::text || encode(s.successor, 'escape') FROM oksai_identity.sessions s WHERE tenant_id = ANY ($1)", tenants)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		dump += line
	}
	for _, tokens := range []session.Tokens{first, second} {
		for _, part := range strings.Split(tokens.Refresh.Reveal(), "_")[1:] {
			if dump == "" || strings.Contains(dump, part) {
				t.Errorf("the database has %s", part)
			}
		}
	}
	if all := fmt.Sprintf("%+v %+v", l.trail.Events(), first); strings.Contains(all, "oksairefresh_") || strings.Contains(all, "eyJ") {
		t.Errorf("a token shows: %s", all)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	l := start(t)
	l.signIn(t, acme)
	l.signIn(t, beta)
	count := func() (n int) {
		if err := l.db.Reader().QueryRow(t.Context(), "SELECT count(*) FROM oksai_identity.sessions").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct {
		advance time.Duration
		left    int
	}{{times.Absolute + time.Hour, 2}, {30 * 24 * time.Hour, 0}} {
		l.clock.Advance(step.advance)
		if err := l.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != step.left {
			t.Errorf("%d sessions are left, want %d", n, step.left)
		}
	}
}

func TestClientIsClipped(t *testing.T) {
	t.Parallel()
	l := start(t)
	for in, want := range map[string]string{
		strings.Repeat("ä", 150): strings.Repeat("ä", 100), "a\x00b": "ab", "a\xffb": "ab", strings.Repeat("x", 1<<16): strings.Repeat("x", 200),
	} {
		tokens, err := l.Start(t.Context(), l.proof(t), acme, in)
		if err != nil || tokens.Session.Client != want {
			t.Errorf("%.20q is kept as %q, %v", in, tokens.Session.Client, err)
		}
	}
}
