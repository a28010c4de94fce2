package apikey_test

import (
	"errors"
	"fmt"
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
	"github.com/oksai/oksai/handwritten/runtime/signin/apikey"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

var acme, beta = uuid.New(), uuid.New()

// replica is what one process has.
type replica struct {
	*apikey.Store
	db    *eventstore.Store
	feed  *revocation.Feed
	clock *signintest.Clock
	trail *signintest.Trail
}

func start(t *testing.T) (a, b replica) {
	t.Helper()
	url, clock, trail := signintest.Database(t), signintest.NewClock(), &signintest.Trail{}
	replicas := [2]replica{}
	for i := range replicas {
		r := replica{db: signintest.Open(t, url), clock: clock, trail: trail}
		r.feed = revocation.NewFeed(r.db.Reader(), clock.Now)
		r.Store = apikey.New(apikey.Config{Store: r.db, Feed: r.feed, Auditor: trail, Clock: clock.Now})
		r.poll(t)
		replicas[i] = r
	}
	return replicas[0], replicas[1]
}

func (r replica) poll(t *testing.T) {
	t.Helper()
	if err := r.feed.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (r replica) create(t *testing.T, expires *time.Time) (apikey.Key, string) {
	t.Helper()
	key, text, err := r.Create(t.Context(), apikey.Spec{Tenant: acme, Name: "deploys", Roles: []string{"TenantMember"}, Expires: expires, By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	return key, text.Reveal()
}

func (r replica) status(t *testing.T, text string) int {
	t.Helper()
	_, err := r.Verify(t.Context(), text)
	var p *problem.Error
	if err == nil {
		return 200
	}
	if !errors.As(err, &p) {
		t.Fatal(err)
	}
	return p.Status
}

func TestKeyLetsIn(t *testing.T) {
	t.Parallel()
	a, b := start(t)
	key, text := a.create(t, nil)
	want := authn.Principal{Subject: "api-key:" + key.ID.String(), Tenant: acme, Roles: []string{"TenantMember"}}
	for _, r := range []replica{a, b} {
		if p, err := r.Verify(t.Context(), text); err != nil || fmt.Sprint(p) != fmt.Sprint(want) {
			t.Errorf("%+v, %v; want %+v", p, err, want)
		}
	}
	if a.trail.Count(audit.APIKeyMade) != 1 || strings.Contains(fmt.Sprint(a.trail.Events()), text) {
		t.Errorf("the trail: %+v", a.trail.Events())
	}
	a.trail.Err = errors.New("the trail is full")
	if _, _, err := a.Create(t.Context(), apikey.Spec{Tenant: acme}); !errors.Is(err, a.trail.Err) {
		t.Errorf("a key that cannot be audited: %v", err)
	}
	keys, err := a.List(t.Context(), acme)
	if err != nil || len(keys) != 1 || keys[0].ID != key.ID || keys[0].Name != "deploys" || keys[0].CreatedBy != "ann" {
		t.Errorf("list: %+v, %v", keys, err)
	}
	if keys, err := a.List(t.Context(), beta); err != nil || len(keys) != 0 {
		t.Errorf("another tenant sees %+v, %v", keys, err)
	}
}

func TestKeyIsKnownWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	a, _ := start(t)
	_, text := a.create(t, nil)
	if a.status(t, text) != 200 {
		t.Fatal("refused")
	}
	_, never := a.create(t, nil)
	a.db.Close()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if s := a.status(t, text); s != 200 {
				t.Errorf("a known key: %d", s)
			}
		})
	}
	all.Wait()
	if s := a.status(t, never); s != 503 {
		t.Errorf("a key that cannot be looked up: %d, want 503", s)
	}
	a.clock.Advance(revocation.MaxStale + time.Second)
	if s := a.status(t, text); s != 503 {
		t.Errorf("a known key, when nobody can tell any more: %d, want 503", s)
	}
}

func TestRevokedKeyIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	a, b := start(t)
	key, text := a.create(t, nil)
	if a.status(t, text) != 200 || b.status(t, text) != 200 {
		t.Fatal("refused")
	}
	var p *problem.Error
	if err := a.Revoke(t.Context(), beta, key.ID, "mallory"); !errors.As(err, &p) || p.Status != 404 {
		t.Errorf("another tenant revokes: %v", err)
	}
	for range 2 {
		if err := a.Revoke(t.Context(), acme, key.ID, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	a.poll(t)
	b.poll(t)
	for range 3 { // also when the feed has forgotten
		if a.status(t, text) != 401 || b.status(t, text) != 401 {
			t.Error("a revoked key lets in")
		}
		a.clock.Advance(revocation.Memory)
		if err := revocation.Forget(t.Context(), a.db.Writer(), a.clock.Now()); err != nil {
			t.Fatal(err)
		}
		a.poll(t)
		b.poll(t)
	}
	if n := a.trail.Count(audit.APIKeyRevoked); n != 1 {
		t.Errorf("revoked %d times in the trail", n)
	}
}

func TestKeyExpires(t *testing.T) {
	t.Parallel()
	a, _ := start(t)
	expires := a.clock.Now().Add(3 * time.Second)
	_, text := a.create(t, &expires)
	for _, want := range []int{200, 200, 200, 401} {
		if s := a.status(t, text); s != want {
			t.Errorf("%v before it expires: %d, want %d", expires.Sub(a.clock.Now()), s, want)
		}
		a.clock.Advance(time.Second)
	}
}

func TestHostileKeys(t *testing.T) {
	t.Parallel()
	a, _ := start(t)
	key, good := a.create(t, nil)
	id, secret := strings.Split(good, "_")[1], strings.Split(good, "_")[2]
	wellFormed := map[string]string{
		"another secret": token.New(token.APIKey, key.ID).Text().Reveal(), "nobody's id": token.New(token.APIKey, uuid.New()).Text().Reveal(),
		"zero id": token.New(token.APIKey, uuid.Nil).Text().Reveal(),
	}
	malformed := map[string]string{
		"empty": "", "prefix": "oksai_", "no secret": "oksai_" + id, "no id": "oksai_" + secret, "swapped": "oksai_" + secret + "_" + id,
		"typo": good[:len(good)-1] + string('a'+(good[len(good)-1]-'a'+1)%26), "cut": good[:60], "longer": good + "a", "twice": good + good, "upper": strings.ToUpper(good),
		"space": good + " ", "newline": good + "\n", "CRLF": good + "\r\nX-Tenant-ID: 1", "NUL": "oksai_\x00" + good[7:], "NULs": "oksai_" + strings.Repeat("\x00", 85),
		"quote": "oksai_' OR 1=1 --", "percent": "oksai_%", "path": "oksai_../../etc/passwd", "JSON": `oksai_{"id":1}`, "unicode": "oksai_" + strings.Repeat("é", 40),
		"not UTF-8": "oksai_" + strings.Repeat("\xff", 85), "full width": "ｏｋｓａｉ_" + good[6:], "Cyrillic a": "oks\u0430i_" + good[6:], "refresh token": token.New(token.Refresh, key.ID).Text().Reveal(),
		"refresh as key": "oksai_" + strings.TrimPrefix(token.New(token.Refresh, key.ID).Text().Reveal(), "oksairefresh_"), "JWT behind it": good + ".e30.e30", "bearer": "Bearer " + good,
		"a megabyte": "oksai_" + strings.Repeat("a", 1<<20), "a megabyte of _": "oksai_" + strings.Repeat("_", 1<<20), "uuid": "oksai_" + key.ID.String() + "_" + secret,
		"padded": good[:31] + "=" + good[32:], "zeros": "oksai_" + strings.Repeat("a", 26) + "_" + strings.Repeat("a", 58), "id twice": "oksai_" + id + "_" + id + "_" + secret,
	}
	for name, text := range wellFormed {
		if s := a.status(t, text); s != 401 {
			t.Errorf("%s: %d", name, s)
		}
	}
	if s := a.status(t, good); s != 200 {
		t.Fatalf("the honest key: %d", s)
	}
	a.db.Close() // whoever asks the database now gets 503
	var details []string
	for name, text := range malformed {
		var err error
		took := signintest.Fastest(func() { _, err = a.Verify(t.Context(), text) })
		var p *problem.Error
		if !errors.As(err, &p) || p.Status != 401 {
			t.Errorf("%s: %v, want 401", name, err)
			continue
		}
		if took > 5*time.Millisecond {
			t.Errorf("%s: took %v", name, took)
		}
		details = append(details, p.Detail)
	}
	if details = slices.Compact(details); len(details) != 1 {
		t.Errorf("the answers tell hostile keys apart: %q", details)
	}
}

func TestUseIsWrittenInBatches(t *testing.T) {
	t.Parallel()
	a, b := start(t)
	_, text := a.create(t, nil)
	used := func() *time.Time {
		keys, err := a.List(t.Context(), acme)
		if err != nil {
			t.Fatal(err)
		}
		return keys[0].Used
	}
	if a.status(t, text) != 200 || used() != nil {
		t.Error("refused, or written at once")
	}
	first := a.clock.Now()
	a.clock.Advance(time.Second)
	if b.status(t, text) != 200 {
		t.Error("refused")
	}
	for _, r := range []replica{b, a, a} { // the later use is written first
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if at := used(); at == nil || !at.Equal(first.Add(time.Second)) {
		t.Errorf("used at %v, want %v", at, first.Add(time.Second))
	}
}
