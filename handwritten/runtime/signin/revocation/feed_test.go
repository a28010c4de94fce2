package revocation_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func poll(t *testing.T, feeds ...*revocation.Feed) {
	t.Helper()
	for _, f := range feeds {
		if err := f.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func revoked(t *testing.T, f *revocation.Feed, s revocation.Subject) bool {
	t.Helper()
	err := f.Check(s)
	if err != nil && !errors.Is(err, revocation.ErrRevoked) {
		t.Fatal(err)
	}
	return err != nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryReplicaHears(t *testing.T) {
	t.Parallel()
	store, clock := signintest.Open(t, signintest.Database(t)), signintest.NewClock()
	a, b := revocation.NewFeed(store.Reader(), clock.Now), revocation.NewFeed(store.Reader(), clock.Now)
	poll(t, a, b)
	id := uuid.New()
	must(t, revocation.Revoke(t.Context(), store.Writer(), revocation.Session(id), clock.Now()))
	if revoked(t, a, revocation.Session(id)) {
		t.Error("heard of before a poll: then a database was asked")
	}
	poll(t, a, b)
	for _, f := range []*revocation.Feed{a, b} {
		if !revoked(t, f, revocation.Session(id)) {
			t.Error("a revoked session is admitted")
		}
		if revoked(t, f, revocation.APIKey(id)) || revoked(t, f, revocation.User(id.String())) || revoked(t, f, revocation.Session(uuid.New())) {
			t.Error("another subject is refused")
		}
	}
	late := revocation.NewFeed(store.Reader(), clock.Now)
	poll(t, late)
	if !revoked(t, late, revocation.Session(id)) {
		t.Error("a replica that starts later admits a revoked session")
	}
	clock.Advance(revocation.Memory + time.Minute)
	poll(t, a)
	if revoked(t, a, revocation.Session(id)) {
		t.Error("what cannot be valid any more is remembered for ever")
	}
}

func TestBlockedUntilUnblocked(t *testing.T) {
	t.Parallel()
	store, clock := signintest.Open(t, signintest.Database(t)), signintest.NewClock()
	f := revocation.NewFeed(store.Reader(), clock.Now)
	ann := revocation.User("corporate:ann")
	must(t, revocation.Block(t.Context(), store.Writer(), ann))
	must(t, revocation.Block(t.Context(), store.Writer(), ann))
	for range 3 {
		clock.Advance(100 * time.Hour)
		must(t, revocation.Forget(t.Context(), store.Writer(), clock.Now()))
		poll(t, f)
		if blocked, err := revocation.Blocked(t.Context(), store.Reader(), ann, clock.Now()); err != nil || !blocked || !revoked(t, f, ann) {
			t.Fatalf("a blocked user is admitted (database: %v, %v)", blocked, err)
		}
	}
	must(t, revocation.Unblock(t.Context(), store.Writer(), ann, clock.Now()))
	poll(t, f)
	if blocked, err := revocation.Blocked(t.Context(), store.Reader(), ann, clock.Now()); err != nil || blocked || revoked(t, f, ann) {
		t.Fatalf("an unblocked user is refused (database: %v, %v)", blocked, err)
	}
	must(t, revocation.Block(t.Context(), store.Writer(), ann))
	poll(t, f)
	if !revoked(t, f, ann) {
		t.Error("a user that is blocked again is admitted")
	}
}

// TestOutdated: a token is refused that was made from an older version, and
// from then on no other.
func TestOutdated(t *testing.T) {
	t.Parallel()
	store, clock := signintest.Open(t, signintest.Database(t)), signintest.NewClock()
	f := revocation.NewFeed(store.Reader(), clock.Now)
	acme, beta := uuid.New(), uuid.New()
	for _, version := range []int64{4, 6} {
		must(t, revocation.Outdate(t.Context(), store.Writer(), revocation.Roles("ann", acme, version), clock.Now()))
		poll(t, f)
		if revoked(t, f, revocation.Roles("ann", acme, version)) || !revoked(t, f, revocation.Roles("ann", acme, version-1)) || !revoked(t, f, revocation.Roles("ann", acme, 0)) {
			t.Errorf("want exactly what is older than version %d to be refused", version)
		}
	}
	if revoked(t, f, revocation.Roles("ann", beta, 1)) || revoked(t, f, revocation.Roles("bob", acme, 1)) || revoked(t, f, revocation.User("ann")) {
		t.Error("roles elsewhere, or of another user, are refused")
	}
}

func TestAwayTooLong(t *testing.T) {
	t.Parallel()
	store, clock := signintest.Open(t, signintest.Database(t)), signintest.NewClock()
	f := revocation.NewFeed(store.Reader(), clock.Now)
	status := func() int {
		var p *problem.Error
		if errors.As(f.Check(revocation.User("ann")), &p) {
			return p.Status
		}
		return 0
	}
	if status() != 503 {
		t.Error("a feed that never polled admits somebody")
	}
	poll(t, f)
	clock.Advance(revocation.MaxStale)
	if status() != 0 {
		t.Error("refused although the feed is new enough")
	}
	clock.Advance(time.Millisecond)
	if status() != 503 {
		t.Error("admitted although the feed is too old")
	}
	// What was lifted and forgotten while the feed was away is not refused for ever.
	must(t, revocation.Block(t.Context(), store.Writer(), revocation.User("ann")))
	poll(t, f)
	must(t, revocation.Unblock(t.Context(), store.Writer(), revocation.User("ann"), clock.Now()))
	clock.Advance(3 * revocation.Memory)
	must(t, revocation.Forget(t.Context(), store.Writer(), clock.Now()))
	poll(t, f)
	if revoked(t, f, revocation.User("ann")) {
		t.Error("unblocked while the feed was away, and refused")
	}
}

// TestLateCommitIsSeen: a transaction began before others that have committed,
// and been polled, meanwhile.
func TestLateCommitIsSeen(t *testing.T) {
	t.Parallel()
	store, clock := signintest.Open(t, signintest.Database(t)), signintest.NewClock()
	f := revocation.NewFeed(store.Reader(), clock.Now)
	poll(t, f)
	tx, err := store.Writer().Begin(t.Context())
	must(t, err)
	late, early := revocation.Session(uuid.New()), revocation.Session(uuid.New())
	must(t, revocation.Revoke(t.Context(), tx, late, clock.Now()))
	must(t, revocation.Revoke(t.Context(), store.Writer(), early, clock.Now()))
	poll(t, f)
	poll(t, f)
	if !revoked(t, f, early) || revoked(t, f, late) {
		t.Error("before the late commit: want only the early one")
	}
	must(t, tx.Commit(t.Context()))
	poll(t, f)
	if !revoked(t, f, late) {
		t.Error("a revocation that was committed late is missed")
	}
}

func TestPollsAndChecksAtTheSameTime(t *testing.T) {
	t.Parallel()
	store, clock := signintest.Open(t, signintest.Database(t)), signintest.NewClock()
	f := revocation.NewFeed(store.Reader(), clock.Now)
	poll(t, f)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				s := revocation.Session(uuid.New())
				if err := errors.Join(revocation.Revoke(t.Context(), store.Writer(), s, clock.Now()), f.Poll(t.Context())); err != nil {
					t.Error(err)
				}
				if !errors.Is(f.Check(s), revocation.ErrRevoked) {
					t.Error("a poll that began after the commit does not know of it")
				}
			}
		})
	}
	all.Wait()
}

func TestRestoredClusterIsReadAnew(t *testing.T) {
	t.Parallel()
	url := signintest.Database(t)
	store, clock := signintest.Open(t, url), signintest.NewClock()
	f := revocation.NewFeed(store.Reader(), clock.Now)
	revocation.SetCursor(f, 1<<60) // as if transaction ids had started again
	must(t, revocation.Revoke(t.Context(), store.Writer(), revocation.User("ann"), clock.Now()))
	poll(t, f)
	if !revoked(t, f, revocation.User("ann")) {
		t.Error("a feed that is ahead of the cluster sees nothing")
	}
}
