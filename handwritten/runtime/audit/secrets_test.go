package audit_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/query"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/apikey"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
)

type everywhere struct{}

func (everywhere) Roles(context.Context, uuid.UUID, uuid.UUID) (session.Roles, error) {
	return session.Roles{Names: []string{"TenantMember"}}, nil
}

// TestSignInLeavesATrailWithoutSecrets runs the real sign-in over the real trail.
func TestSignInLeavesATrailWithoutSecrets(t *testing.T) {
	t.Parallel()
	tr := open(t)
	sealer, err := seal.New(bytes.Repeat([]byte{1}, seal.KeyBytes))
	check(t, err)
	clock := signintest.NewClock()
	s, err := signin.Open(t.Context(), signin.Config{
		Store: tr.db, Sealer: sealer, Clock: clock.Now, Name: "oksai", Audience: "api", Members: everywhere{}, Auditor: tr.Store,
		Password: password.Config{Params: password.Params{Memory: 64, Time: 1, Threads: 1}},
	})
	check(t, err)
	user, right, wrong := uuid.New(), "canary horse right", "canary horse wrong"
	hashed, err := s.Accounts.Hash(t.Context(), secret.New(right))
	check(t, err)
	check(t, s.Accounts.SetPassword(t.Context(), user, hashed))
	attempt := account.Attempt{Login: "canary@example.com", User: user, Source: "canary address", Password: secret.New(wrong)}
	if _, err := s.Accounts.Check(t.Context(), attempt); err == nil {
		t.Fatal("a wrong password is accepted")
	}
	attempt.Password = secret.New(right)
	proof, err := s.Accounts.Check(t.Context(), attempt)
	check(t, err)
	first, err := s.Sessions.Start(t.Context(), proof, mine, "test")
	check(t, err)
	second, err := s.Sessions.Refresh(t.Context(), first.Refresh.Reveal())
	check(t, err)
	switched, err := s.Sessions.Switch(t.Context(), second.Refresh.Reveal(), theirs)
	check(t, err)
	made, key, err := s.APIKeys.Create(t.Context(), apikey.Spec{Tenant: mine, Roles: []string{"TenantMember"}, By: user.String()})
	check(t, err)
	check(t, s.APIKeys.Revoke(t.Context(), mine, made.ID, user.String()))
	check(t, s.Sessions.End(t.Context(), first.Session.ID))
	clock.Advance(time.Minute)
	again, err := s.Sessions.Start(t.Context(), proof, mine, "test")
	check(t, err)
	third, err := s.Sessions.Refresh(t.Context(), again.Refresh.Reveal())
	check(t, err)
	clock.Advance(time.Minute)
	if _, err := s.Sessions.Refresh(t.Context(), again.Refresh.Reveal()); err == nil {
		t.Fatal("a refresh token that was used is accepted")
	}
	check(t, s.Sessions.EndAll(t.Context(), user, uuid.Nil))
	check(t, s.Block(t.Context(), tr.db.Writer(), user.String(), "operator"))
	check(t, s.Unblock(t.Context(), tr.db.Writer(), user.String(), "operator"))

	trail := strings.Join(tr.rows(t), "\n")
	for _, kind := range []string{"password_changed", "password_refused", "password_accepted", "signed_in", "refreshed", "api_key_made", "api_key_revoked",
		"tenant_switched", "reuse_detected", "signed_out", "user_blocked", "user_unblocked", "signing_key_made"} {
		if !strings.Contains(trail, kind) {
			t.Errorf("the trail has no %s", kind)
		}
	}
	for _, text := range []string{"canary", first.Access.Reveal(), first.Refresh.Reveal(), second.Access.Reveal(), second.Refresh.Reveal(),
		switched.Access.Reveal(), switched.Refresh.Reveal(), third.Refresh.Reveal(), key.Reveal()} {
		if strings.Contains(trail, text) {
			t.Errorf("the trail tells %.20q…", text)
		}
	}
	if got := tr.kinds(t, query.Tenant(theirs), audit.Filter{}); len(got) == 0 || got[len(got)-1] != "tenant_switched" {
		t.Errorf("the other tenant sees %v; want that a session began there, and what follows", got)
	}
}

// rows are all entries with all their columns.
func (tr trail) rows(t *testing.T) []string {
	t.Helper()
	found, _ := tr.db.Reader().Query(t.Context(), "SELECT e::text FROM oksai_audit.entries e")
	rows, err := pgx.CollectRows(found, pgx.RowTo[string])
	check(t, err)
	return rows
}
