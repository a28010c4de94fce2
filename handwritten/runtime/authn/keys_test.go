package authn_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keyServer serves a key set that tests can replace, and counts requests.
type keyServer struct {
	*httptest.Server
	jwks     atomic.Pointer[[]byte]
	requests atomic.Int32
}

func newKeyServer(t *testing.T) *keyServer {
	s := &keyServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.requests.Add(1)
		jwks := s.jwks.Load()
		if jwks == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(*jwks)
	}))
	t.Cleanup(s.Close)
	t.Cleanup(s.Client().CloseIdleConnections)
	return s
}

type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time          { return now.Add(time.Duration(c.nanos.Load())) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

func (s *keyServer) verifier(t *testing.T, c *clock) *authn.Verifier {
	t.Helper()
	v, err := authn.NewVerifier(authn.Config{Issuer: issuer, Audience: audience, JWKSURL: s.URL, Client: s.Client(), Clock: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func issue(t *testing.T, keys *authn.DevKeys, c *clock) string {
	t.Helper()
	token, err := keys.Issue(authn.Grant{Issuer: issuer, Audience: audience, Principal: authn.Principal{Subject: "ann"}, NotBefore: c.now(), Expiry: c.now().Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestKeyServerDownIsUnavailableThenRecovers(t *testing.T) {
	t.Parallel()
	server, c, keys := newKeyServer(t), &clock{}, devKeys(t)
	v, token := server.verifier(t, c), issue(t, keys, c)
	if _, err := v.Verify(context.Background(), token); status(err) != 503 {
		t.Fatalf("with no key set Verify = %v, want 503", err)
	}
	jwks := keys.JWKS()
	server.jwks.Store(&jwks)
	c.advance(31 * time.Second)
	if _, err := v.Verify(context.Background(), token); err != nil {
		t.Errorf("after the key server came up: %v", err)
	}
}

func TestUnknownKeyRefetchesButNotForEveryToken(t *testing.T) {
	t.Parallel()
	server, c, first, second := newKeyServer(t), &clock{}, devKeys(t), devKeys(t)
	jwks := first.JWKS()
	server.jwks.Store(&jwks)
	v := server.verifier(t, c)
	if _, err := v.Verify(context.Background(), issue(t, first, c)); err != nil {
		t.Fatal(err)
	}

	rotated := second.JWKS()
	server.jwks.Store(&rotated)
	newToken := issue(t, second, c)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := v.Verify(context.Background(), newToken); status(err) != 401 {
				t.Errorf("unknown key before a refetch is due: %v", err)
			}
		})
	}
	all.Wait()
	if n := server.requests.Load(); n != 1 {
		t.Errorf("%d requests to the key server, want 1: tokens must not make us hammer it", n)
	}
	c.advance(31 * time.Second)
	if _, err := v.Verify(context.Background(), newToken); err != nil {
		t.Errorf("rotated key: %v", err)
	}
	if _, err := v.Verify(context.Background(), issue(t, first, c)); status(err) != 401 {
		t.Errorf("the key that was taken out of the set still works: %v", err)
	}
}

func TestRevokedKeyStopsAfterMaxAge(t *testing.T) {
	t.Parallel()
	server, c, keys := newKeyServer(t), &clock{}, devKeys(t)
	jwks := keys.JWKS()
	server.jwks.Store(&jwks)
	v, token := server.verifier(t, c), issue(t, keys, c)
	if _, err := v.Verify(context.Background(), token); err != nil {
		t.Fatal(err)
	}
	other := devKeys(t).JWKS()
	server.jwks.Store(&other)
	c.advance(11 * time.Minute)
	if _, err := v.Verify(context.Background(), token); status(err) != 401 {
		t.Errorf("a key that is in the set no more: %v, want 401", err)
	}
}

func TestKnownKeySurvivesKeyServerOutage(t *testing.T) {
	t.Parallel()
	server, c, keys := newKeyServer(t), &clock{}, devKeys(t)
	jwks := keys.JWKS()
	server.jwks.Store(&jwks)
	v, token := server.verifier(t, c), issue(t, keys, c)
	if _, err := v.Verify(context.Background(), token); err != nil {
		t.Fatal(err)
	}
	server.jwks.Store(nil)
	c.advance(11 * time.Minute)
	if _, err := v.Verify(context.Background(), token); err != nil {
		t.Errorf("the key server is down and everybody is locked out: %v", err)
	}
}

func TestKeyFileRotation(t *testing.T) {
	t.Parallel()
	first, second, c := devKeys(t), devKeys(t), &clock{}
	path := filepath.Join(t.TempDir(), "jwks.json")
	write := func(jwks []byte) {
		if err := os.WriteFile(path, jwks, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first.JWKS())
	v, err := authn.NewVerifier(authn.Config{Issuer: issuer, Audience: audience, JWKSFile: path, Clock: c.now})
	if err != nil {
		t.Fatal(err)
	}
	write(second.JWKS())
	c.advance(time.Minute)
	if _, err := v.Verify(context.Background(), issue(t, second, c)); err != nil {
		t.Errorf("after the file changed: %v", err)
	}
}

func TestDevKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key.pem")
	made := make([]*authn.DevKeys, 8)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			var err error
			if made[i], err = authn.LoadDevKeys(path); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, keys := range made {
		if string(keys.JWKS()) != string(made[0].JWKS()) {
			t.Fatal("processes that start together have different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := authn.LoadDevKeys(path); err == nil {
		t.Error("a key that everybody can read was accepted")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authn.LoadDevKeys(path); err == nil {
		t.Error("garbage was accepted as a key")
	}
}
