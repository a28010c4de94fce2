package signingkey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
	"github.com/oksai/oksai/handwritten/runtime/signin/signingkey"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func sealer(t *testing.T, keys ...byte) *seal.Sealer {
	t.Helper()
	var all [][]byte
	for _, key := range keys {
		all = append(all, bytes.Repeat([]byte{key}, seal.KeyBytes))
	}
	s, err := seal.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// replica is what one process has.
type replica struct {
	*signingkey.Ring
	*authn.Verifier
}

func start(t *testing.T, store *eventstore.Store, clock *signintest.Clock, trail audit.Auditor) replica {
	t.Helper()
	ring, err := signingkey.Open(t.Context(), signingkey.Config{Store: store, Sealer: sealer(t, 1), Auditor: trail, Clock: clock.Now, Schedule: signingkey.Daily})
	if err != nil {
		t.Error(err)
		return replica{}
	}
	v, err := authn.NewVerifier(authn.Config{Issuer: "oksai", Audience: "api", KeySet: ring.JWKS, RefetchEvery: time.Second, MaxAge: time.Second, Clock: clock.Now})
	if err != nil {
		t.Error(err)
	}
	return replica{ring, v}
}

func (r replica) issue(t *testing.T, now time.Time) string {
	t.Helper()
	token, err := r.Issue(authn.Grant{Issuer: "oksai", Audience: "api", Principal: authn.Principal{Subject: "ann"}, NotBefore: now, Expiry: now.Add(5 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (r replica) kids(t *testing.T) []string {
	t.Helper()
	raw, err := r.JWKS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	var kids []string
	for _, key := range set.Keys {
		if key["d"] != "" {
			t.Fatal("the key set has a private key")
		}
		kids = append(kids, key["kid"])
	}
	return kids
}

// inTurn is an audit trail that keeps the first key's transaction open until
// another replica waits for it, or makes a key of its own.
type inTurn struct {
	signintest.Trail
	db *eventstore.Store
}

func (i *inTurn) Audit(ctx context.Context, where eventstore.DB, e audit.Event) error {
	if err := i.Trail.Audit(ctx, where, e); err != nil {
		return err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for waiting := 0; waiting == 0 && i.Count(audit.SigningKeyMade) == 1; <-tick.C {
		const sql = `SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`
		if err := i.db.Reader().QueryRow(ctx, sql).Scan(&waiting); err != nil {
			return err
		}
	}
	return nil
}

func TestReplicasThatStartTogetherAgree(t *testing.T) {
	t.Parallel()
	store, clock := signintest.Open(t, signintest.Database(t)), signintest.NewClock()
	trail := &inTurn{db: store}
	replicas := make([]replica, 4)
	var all sync.WaitGroup
	for i := range replicas {
		all.Go(func() { replicas[i] = start(t, store, clock, trail) })
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	token := replicas[0].issue(t, clock.Now())
	for _, r := range replicas {
		if _, err := r.Verify(t.Context(), token); err != nil {
			t.Errorf("another replica's token: %v", err)
		}
	}
	if n := trail.Count(audit.SigningKeyMade); n != 1 {
		t.Errorf("%d keys were made, want 1", n)
	}
}

// TestLifeOfKeys goes through four days in steps of ten minutes, with two
// replicas of which one looks at the database every half hour only: a key signs
// only when everybody can know it, and is published while its tokens live.
func TestLifeOfKeys(t *testing.T) {
	t.Parallel()
	store, clock, trail := signintest.Open(t, signintest.Database(t)), signintest.NewClock(), &signintest.Trail{}
	prompt, slow := start(t, store, clock, trail), start(t, store, clock, trail)
	seen := map[string]bool{}
	most := 0
	for step := range 4 * 24 * 6 {
		if err := prompt.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if step%3 == 1 {
			if err := slow.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		kids := prompt.kids(t)
		most = max(most, len(kids))
		for _, kid := range kids {
			seen[kid] = true
		}
		for _, from := range []replica{prompt, slow} {
			token := from.issue(t, clock.Now())
			for _, at := range []replica{prompt, slow} {
				if _, err := at.Verify(t.Context(), token); err != nil {
					t.Fatalf("after %v: %v", time.Duration(step)*10*time.Minute, err)
				}
			}
		}
		clock.Advance(10 * time.Minute)
	}
	if made := trail.Count(audit.SigningKeyMade); made != len(seen) || made < 4 || made > 6 || most != 2 {
		t.Errorf("%d keys were made, %d published, at most %d at once", made, len(seen), most)
	}
	if len(prompt.kids(t)) > 2 {
		t.Error("old keys are published for ever")
	}
}

func TestOldKeysTokenIsRefused(t *testing.T) {
	t.Parallel()
	store, clock, trail := signintest.Open(t, signintest.Database(t)), signintest.NewClock(), &signintest.Trail{}
	r := start(t, store, clock, trail)
	now := clock.Now()
	long, err := r.Issue(authn.Grant{Issuer: "oksai", Audience: "api", Principal: authn.Principal{Subject: "ann"}, NotBefore: now, Expiry: now.Add(1000 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	first := r.kids(t)
	clock.Advance(26 * time.Hour) // the database was away: nobody rotated
	var p *problem.Error
	if _, err := r.Issue(authn.Grant{}); !errors.As(err, &p) || p.Status != 503 {
		t.Errorf("signing with an old key: %v, want 503", err)
	}
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Verify(t.Context(), long); err == nil {
		t.Error("a token of a removed key is accepted")
	}
	if again := r.kids(t); len(again) != 1 || slices.Contains(again, first[0]) {
		t.Errorf("keys %v after %v", again, first)
	}
	r.issue(t, clock.Now())
}

func TestPrivateKeysAreSealed(t *testing.T) {
	t.Parallel()
	url := signintest.Database(t)
	store, clock, trail := signintest.Open(t, url), signintest.NewClock(), &signintest.Trail{}
	r := start(t, store, clock, trail)
	config := signingkey.Config{Store: store, Auditor: trail, Clock: clock.Now, Schedule: signingkey.Daily}

	config.Sealer = sealer(t, 2)
	if _, err := signingkey.Open(t.Context(), config); err == nil || !strings.Contains(err.Error(), "configured") {
		t.Errorf("with another sealing key: %v", err)
	}
	config.Sealer = sealer(t, 2, 1) // the sealing key is being changed
	if ring, err := signingkey.Open(t.Context(), config); err != nil || !slices.Equal(replica{Ring: ring}.kids(t), r.kids(t)) {
		t.Errorf("with the old sealing key as second: %v", err)
	}

	trail.Err = errors.New("the trail is full")
	clock.Advance(23*time.Hour + time.Minute)
	if err := r.Refresh(t.Context()); !errors.Is(err, trail.Err) {
		t.Errorf("a key that cannot be audited: %v", err)
	}
	trail.Err = nil
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A row under another key's name does not open.
	if _, err := store.Writer().Exec(t.Context(), `
UPDATE oksai_identity.signing_keys a SET sealed = b.sealed FROM oksai_identity.signing_keys b WHERE a.kid <> b.kid`); err != nil {
		t.Fatal(err)
	}
	config.Sealer = sealer(t, 1)
	if _, err := signingkey.Open(t.Context(), config); err == nil {
		t.Error("swapped keys are accepted")
	}
}
