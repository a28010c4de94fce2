package session_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
)

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
