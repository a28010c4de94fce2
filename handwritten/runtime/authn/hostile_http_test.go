package authn_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/httpx"
)

// refusedWithin is how long a refusal may take on a machine that does nothing else.
const refusedWithin = 5 * time.Millisecond

// guarded is an API whose only operation everybody with a token may call.
type guarded struct {
	*httpx.Server
	log bytes.Buffer
}

func newGuarded(t *testing.T, h hostile) *guarded {
	t.Helper()
	g := &guarded{}
	var err error
	g.Server, err = httpx.NewServer(
		httpx.Config{App: "test-api", Addr: "127.0.0.1:0", Log: slog.New(slog.NewJSONHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))},
		httpx.Module{
			Name: "test", Verifier: verifier(t, h.jwks),
			Find:    func(string, *url.URL) (httpx.Operation, bool) { return httpx.Operation{Name: "Test"}, true },
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ask sends a request with these Authorization headers through all of the middleware.
func (g *guarded) ask(authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Authorization"] = authorization
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	return w
}

// TestHostileTokensAreRefusedFast over HTTP: 401 as a problem, soon, and nothing of
// the token in the log.
func TestHostileTokensAreRefusedFast(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	g := newGuarded(t, h)
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER "} {
		if w := g.ask(scheme + h.good); w.Code != http.StatusNoContent {
			t.Fatalf("the good token is refused, so the others prove nothing: %d %s", w.Code, w.Body)
		}
	}
	refused := map[string][]string{
		"no header": nil, "empty header": {""}, "no token": {"Bearer"}, "blank token": {"Bearer  "},
		"no scheme": {h.good}, "another scheme": {"Token " + h.good}, "basic": {"Basic " + h.good}, "longer scheme": {"Bearers " + h.good},
		"scheme in Cyrillic": {"Вearer " + h.good}, "tab after the scheme": {"Bearer\t" + h.good}, "comma after the scheme": {"Bearer," + h.good},
		"scheme twice": {"Bearer Bearer " + h.good}, "two headers": {"Bearer " + h.good, "Bearer " + h.good},
		"an empty second header": {"Bearer " + h.good, ""}, "quoted": {`Bearer "` + h.good + `"`}, "parameter": {"Bearer token=" + h.good},
		"two tokens": {"Bearer " + h.good + " " + h.good}, "a list": {"Bearer " + h.good + ", Basic x"}, "not UTF-8": {"Bearer \xff\xfe"},
	}
	for name, token := range h.tokens {
		if strings.TrimSpace(token) != h.good { // space around a header's value is no part of it
			refused[name] = []string{"Bearer " + token}
		}
	}
	for name, authorization := range refused {
		checkRefusal(t, name, g, authorization)
	}
	if len(refused) < 80 || h.asked.Load() != 0 {
		t.Errorf("%d variants were tried, and a server that a token named was asked %d times", len(refused), h.asked.Load())
	}
	t.Logf("%d variants are refused", len(refused))
}

func checkRefusal(t *testing.T, name string, g *guarded, authorization []string) {
	t.Helper()
	g.log.Reset()
	w := g.ask(authorization...)
	var told struct{ Code string }
	err := json.Unmarshal(w.Body.Bytes(), &told)
	if err != nil || w.Code != http.StatusUnauthorized || told.Code != "UNAUTHORIZED" || w.Header().Get("WWW-Authenticate") != "Bearer" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
	}
	for _, part := range append(strings.FieldsFunc(strings.Join(authorization, "."), func(r rune) bool { return strings.ContainsRune(" .,", r) }), cuckoo) {
		if said := g.log.String() + w.Body.String(); len(part) >= len(cuckoo) && !strings.EqualFold(part, "bearer") && strings.Contains(said, part) {
			t.Errorf("%s: the log or the answer repeats %.40q: %s", name, part, said)
		}
	}
	least := time.Hour
	for range 20 {
		start := time.Now()
		g.ask(authorization...)
		least = min(least, time.Since(start))
	}
	if least > refusedWithin {
		t.Errorf("%s: a refusal takes %v, want at most %v", name, least, refusedWithin)
	}
}
