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
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
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
	// asked is called when somebody asks for roles, if set.
	asked func()
}

// Roles implements session.Members.
func (l *lab) Roles(_ context.Context, user, tenant uuid.UUID) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked != nil {
		l.asked()
	}
	if user != l.ann {
		return nil, nil
	}
	return l.roles[tenant], nil
}

func (l *lab) setRoles(tenant uuid.UUID, roles ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roles[tenant] = roles
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

// TestConcurrentRefreshes: one successor, and nobody is signed out.
func TestConcurrentRefreshes(t *testing.T) {
	t.Parallel()
	l := start(t)
	tokens := l.signIn(t, acme)
	for range 3 {
		var mu sync.Mutex
		successors := map[string]int{}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				next, err := l.Refresh(t.Context(), tokens.Refresh.Reveal())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				successors[next.Refresh.Reveal()]++
				mu.Unlock()
			})
		}
		all.Wait()
		if len(successors) != 1 || successors[tokens.Refresh.Reveal()] != 0 {
			t.Fatalf("%d successors", len(successors))
		}
		next := l.refresh(t, tokens)
		// Even while others still come with the old one.
		if again := l.refresh(t, next); again.Refresh.Reveal() != next.Refresh.Reveal() || l.refresh(t, tokens).Refresh.Reveal() != next.Refresh.Reveal() {
			t.Error("rotated again within the grace period")
		}
		tokens = next
		l.clock.Advance(times.Grace + time.Second)
	}
	if n := l.trail.Count(audit.Refreshed); n != 3 {
		t.Errorf("%d rotations in the trail, want 3", n)
	}
	if l.trail.Count(audit.ReuseDetected) != 0 {
		t.Error("honest clients are taken for thieves")
	}
}

func TestReuseEndsTheLogin(t *testing.T) {
	t.Parallel()
	l := start(t)
	other := l.signIn(t, acme)
	first := l.signIn(t, acme)
	branch, err := l.Switch(t.Context(), first.Refresh.Reveal(), beta)
	if err != nil {
		t.Fatal(err)
	}
	second := l.refresh(t, first)
	l.clock.Advance(times.Grace)
	if got := l.refresh(t, first); got.Refresh.Reveal() != second.Refresh.Reveal() {
		t.Error("at the end of the grace period: another successor")
	}
	l.clock.Advance(time.Millisecond)
	if !l.dead(t, first) {
		t.Error("an old token is good")
	}
	for name, tokens := range map[string]session.Tokens{"the successor": second, "the other tenant's session": branch} {
		if !l.dead(t, tokens) {
			t.Errorf("%s outlives the theft", name)
		}
	}
	if l.dead(t, other) {
		t.Error("another login of the user ended with it")
	}
	var reused []audit.Event
	for _, e := range l.trail.Events() {
		if e.Kind == audit.ReuseDetected {
			reused = append(reused, e)
		}
	}
	if len(reused) != 2 || reused[0].User != l.ann.String() {
		t.Errorf("the trail: %+v", reused)
	}
}

// TestWrongTokensEndNothing: to end a session by a wrong token takes a right one.
func TestWrongTokensEndNothing(t *testing.T) {
	t.Parallel()
	l := start(t)
	tokens := l.signIn(t, acme)
	good := tokens.Refresh.Reveal()
	hostile := []string{
		"", "x", good + "x", good[1:], strings.ToUpper(good), good + "\n", strings.Repeat("a", 1<<20), tokens.Access.Reveal(),
		token.New(token.Refresh, uuid.New()).Text().Reveal(),
		token.New(token.Refresh, tokens.Session.ID).Text().Reveal(), // the sid is in every access token
		token.New(token.APIKey, tokens.Session.ID).Text().Reveal(),
	}
	for _, text := range hostile {
		if _, err := l.Refresh(t.Context(), text); code(err) != "SESSION_ENDED" {
			t.Errorf("Refresh(%.40q) = %v", text, err)
		}
		if _, err := l.Switch(t.Context(), text, beta); code(err) != "SESSION_ENDED" {
			t.Errorf("Switch(%.40q) = %v", text, err)
		}
	}
	if l.dead(t, tokens) || l.trail.Count(audit.ReuseDetected) != 0 {
		t.Error("somebody else's guess ended the session")
	}
}

func TestMalformedTokensCostNoLookUp(t *testing.T) {
	t.Parallel()
	l := start(t)
	good := l.signIn(t, acme).Refresh.Reveal()
	l.db.Close() // whoever asks the database now gets an error
	for _, text := range []string{"", "x", good[:len(good)-1], good[:len(good)-1] + "x"} {
		if _, err := l.Refresh(t.Context(), text); code(err) != "SESSION_ENDED" {
			t.Errorf("Refresh(%q) = %v", text, err)
		}
	}
}

func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		every time.Duration
		lasts time.Duration
	}{
		"not used": {times.Idle, 0},
		"used":     {times.Idle - time.Hour, times.Absolute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			tokens, began := l.signIn(t, acme), l.clock.Now()
			for {
				l.clock.Advance(c.every)
				next, err := l.Refresh(t.Context(), tokens.Refresh.Reveal())
				if code(err) == "SESSION_ENDED" {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				tokens = next
			}
			if lasted := l.clock.Now().Sub(began); lasted < c.lasts || lasted > c.lasts+times.Idle {
				t.Errorf("lasted %v, want %v", lasted, c.lasts)
			}
			if list, err := l.List(t.Context(), l.ann); err != nil || len(list) != 0 {
				t.Errorf("listed: %v, %v", list, err)
			}
		})
	}
}

func TestSwitchOfTenants(t *testing.T) {
	t.Parallel()
	l := start(t)
	tokens := l.signIn(t, acme)
	l.clock.Advance(time.Hour)
	other, err := l.Switch(t.Context(), tokens.Refresh.Reveal(), beta)
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.verifier.Verify(t.Context(), other.Access.Reveal())
	if err != nil || p.Tenant != beta || !slices.Equal(p.Roles, []string{"TenantMember"}) || p.Session == tokens.Session.ID {
		t.Errorf("%+v, %v", p, err)
	}
	if !other.Session.Expires.Equal(tokens.Session.Expires) {
		t.Error("switching makes a session last longer")
	}
	if _, err := l.Switch(t.Context(), tokens.Refresh.Reveal(), stranger); code(err) != "NOT_A_MEMBER" {
		t.Errorf("to a stranger's tenant: %v", err)
	}
	if _, err := l.Start(t.Context(), l.proof(t), stranger, ""); code(err) != "NOT_A_MEMBER" {
		t.Errorf("signing in to a stranger's tenant: %v", err)
	}
	// Both live side by side.
	tokens, other = l.refresh(t, tokens), l.refresh(t, other)
	if list, err := l.List(t.Context(), l.ann); err != nil || len(list) != 2 || list[0].Tenant != beta || list[1].Client != "Firefox on Linux" {
		t.Errorf("list: %+v, %v", list, err)
	}
	if err := l.leave(t, beta); err != nil {
		t.Fatal(err)
	}
	if !l.dead(t, other) || l.dead(t, tokens) {
		t.Error("leaving a tenant ends its sessions and no others")
	}
	again, err := l.Switch(t.Context(), tokens.Refresh.Reveal(), beta)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.End(t.Context(), again.Session.ID); err != nil {
			t.Fatal(err)
		}
	}
	if !l.dead(t, again) || !l.dead(t, tokens) {
		t.Error("signing out ends the whole login")
	}
	if _, err := l.Switch(t.Context(), tokens.Refresh.Reveal(), acme); code(err) != "SESSION_ENDED" {
		t.Errorf("switching from an ended session: %v", err)
	}
	if n := l.trail.Count(audit.SignedOut); n != 3 {
		t.Errorf("%d sessions ended in the trail, want 3", n)
	}
}

func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	l := start(t)
	here, there, other := l.signIn(t, acme), l.signIn(t, acme), l.signIn(t, beta)
	unfinished := l.proof(t)
	if err := l.EndAll(t.Context(), l.ann, here.Session.ID); err != nil {
		t.Fatal(err)
	}
	if l.dead(t, here) || !l.dead(t, there) || !l.dead(t, other) {
		t.Error("want all but the one here to end")
	}
	if _, err := l.Start(t.Context(), unfinished, acme, ""); code(err) != "INVALID_CREDENTIALS" {
		t.Errorf("a sign-in that had begun before: %v", err)
	}
	// The session of another user is no excuse.
	if err := l.EndAll(t.Context(), l.ann, uuid.New()); err != nil {
		t.Fatal(err)
	}
	if !l.dead(t, here) {
		t.Error("a session outlives signing out everywhere")
	}
	if l.dead(t, l.signIn(t, acme)) {
		t.Error("signing in again is not possible")
	}
}

// TestSignOutEverywhereWhileSigningIn: whatever comes in between, no session
// lives that is older than the end.
func TestSignOutEverywhereWhileSigningIn(t *testing.T) {
	t.Parallel()
	l := start(t)
	first := l.signIn(t, acme)
	proofs := make([]account.Proof, 20)
	for i := range proofs {
		proofs[i] = l.proof(t)
	}
	var all sync.WaitGroup
	for _, proof := range proofs {
		all.Go(func() {
			if _, err := l.Start(t.Context(), proof, acme, ""); err != nil && code(err) != "INVALID_CREDENTIALS" {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := l.Switch(t.Context(), first.Refresh.Reveal(), beta); err != nil && code(err) != "SESSION_ENDED" {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		if err := l.EndAll(t.Context(), l.ann, uuid.Nil); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	if list, err := l.List(t.Context(), l.ann); err != nil || len(list) != 0 {
		t.Errorf("%d sessions live on: %v", len(list), err)
	}
}

func TestBlockedUser(t *testing.T) {
	t.Parallel()
	l := start(t)
	tokens, proof, ann := l.signIn(t, acme), l.proof(t), revocation.User(l.ann.String())
	if err := revocation.Block(t.Context(), l.db.Writer(), ann); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Refresh(t.Context(), tokens.Refresh.Reveal()); code(err) != "SESSION_ENDED" {
		t.Errorf("refresh: %v", err)
	}
	if _, err := l.Start(t.Context(), proof, acme, ""); code(err) != "INVALID_CREDENTIALS" {
		t.Errorf("start: %v", err)
	}
	if err := revocation.Unblock(t.Context(), l.db.Writer(), ann, l.clock.Now()); err != nil {
		t.Fatal(err)
	}
	l.refresh(t, tokens)
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

// TestNobodyIsRemovedWhileASessionBegins: roles are asked for while the account
// is held, which whoever removes the user must change.
func TestNobodyIsRemovedWhileASessionBegins(t *testing.T) {
	t.Parallel()
	l := start(t)
	asked, free := 0, 0
	l.asked = func() {
		asked++
		tx, err := l.db.Writer().Begin(t.Context())
		if err != nil {
			t.Error(err)
			return
		}
		defer tx.Rollback(t.Context())
		if _, err := tx.Exec(t.Context(), "SELECT FROM oksai_identity.accounts WHERE user_id = $1 FOR UPDATE NOWAIT", l.ann); err == nil {
			free++
		}
	}
	tokens, err := l.Start(t.Context(), l.proof(t), acme, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Switch(t.Context(), tokens.Refresh.Reveal(), beta); err != nil {
		t.Fatal(err)
	}
	if asked != 2 || free != 0 {
		t.Errorf("roles were asked for %d times, %d of them with the account free", asked, free)
	}
}
