package session_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
)

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

// TestEndWith: sessions of all tenants end with a transaction of none of them.
func TestEndWith(t *testing.T) {
	t.Parallel()
	l := start(t)
	here, there, unfinished := l.signIn(t, acme), l.signIn(t, beta), l.proof(t)
	end := func(undone error) error {
		return l.db.InTenants(t.Context(), []uuid.UUID{uuid.Nil}, func(tx pgx.Tx) error {
			if _, err := account.Owns(t.Context(), tx, l.ann, 0, l.clock.Now()); err != nil {
				return err
			}
			if err := l.EndWith(t.Context(), tx, l.ann); err != nil {
				return err
			}
			var left int
			err := tx.QueryRow(t.Context(), "SELECT count(*) FROM oksai_identity.sessions").Scan(&left)
			if err == nil && left > 0 {
				t.Errorf("afterwards the transaction sees %d rows of others", left)
			}
			return errors.Join(err, undone)
		})
	}
	if undone := errors.New("undone"); !errors.Is(end(undone), undone) || l.dead(t, here) || l.dead(t, there) {
		t.Error("sessions ended without the transaction")
	}
	if err := end(nil); err != nil {
		t.Fatal(err)
	}
	if !l.dead(t, here) || !l.dead(t, there) {
		t.Error("a session lives on")
	}
	if _, err := l.Start(t.Context(), unfinished, acme, ""); code(err) != "INVALID_CREDENTIALS" {
		t.Errorf("a sign-in that had begun before: %v", err)
	}
}
