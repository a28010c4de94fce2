package httpx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/prometheus/client_golang/prometheus"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// lockedBuffer is a log that a server writes while a test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// anyone is who calls with the token of tests.
type anyone struct{}

func (anyone) Verify(_ context.Context, token string) (authn.Principal, error) {
	if token != "test" {
		return authn.Principal{}, problem.Unauthorized("bad token")
	}
	return authn.Principal{Subject: "ann", Tenant: acme}, nil
}

var acme = uuid.New()

// module answers at fixed paths, e.g. "GET /jobs".
func module(name string, handlers map[string]http.HandlerFunc) httpx.Module {
	return httpx.Module{
		Name: name, Verifier: anyone{},
		Find: func(method string, u *url.URL) (httpx.Operation, bool) {
			_, ok := handlers[method+" "+u.Path]
			return httpx.Operation{Name: name + strings.ReplaceAll(u.Path, "/", "."), Query: []string{"q"}, Body: "Anything"}, ok
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handlers[r.Method+" "+r.URL.Path](w, r) }),
	}
}

func newServer(t *testing.T, cfg httpx.Config, modules ...httpx.Module) (*httpx.Server, *lockedBuffer) {
	t.Helper()
	log := &lockedBuffer{}
	cfg.App, cfg.Addr, cfg.Log = "test-api", "127.0.0.1:0", slog.New(slog.NewJSONHandler(log, nil))
	s, err := httpx.NewServer(cfg, modules...)
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

func do(t *testing.T, s *httpx.Server, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, code string) httpx.Problem {
	t.Helper()
	var p httpx.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("answer %d %q is not a problem: %v", w.Code, w.Body, err)
	}
	if w.Code != status || p.Status != status || p.Code != code || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer %d %s %q; want %d %s", w.Code, w.Header().Get("Content-Type"), w.Body, status, code)
	}
	if p.Type == "" || p.Title == "" || p.Detail == "" || p.TraceID == "" || p.Instance == "" || p.Errors == nil {
		t.Errorf("the problem has empty parts: %+v", p)
	}
	return p
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }

func request(method, path, contentType, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer test")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// get asks a running server.
func get(client *http.Client, url string) (*http.Response, error) {
	r, err := http.NewRequest(http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer test")
	return client.Do(r)
}

func TestModulesShareAPort(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{},
		module("job", map[string]http.HandlerFunc{"GET /jobs": ok, "POST /jobs": ok}),
		module("tenant", map[string]http.HandlerFunc{"GET /tenants": ok, "DELETE /jobs": ok}))
	for _, path := range []string{"/jobs", "/tenants"} {
		if w := do(t, s, request("GET", path, "", "")); w.Code != 200 || w.Body.String() != "ok" {
			t.Errorf("GET %s = %d %q", path, w.Code, w.Body)
		}
	}
	wantProblem(t, do(t, s, request("GET", "/nowhere", "", "")), 404, "NO_SUCH_PATH")
	w := do(t, s, request("PUT", "/jobs", "", ""))
	wantProblem(t, w, 405, "METHOD_NOT_ALLOWED")
	if got := w.Header().Get("Allow"); got != "DELETE, GET, POST" {
		t.Errorf("Allow: %q", got)
	}
	w = do(t, s, request("POST", "/health/live", "", ""))
	wantProblem(t, w, 405, "METHOD_NOT_ALLOWED")
}

func TestPanicLeaksNothing(t *testing.T) {
	t.Parallel()
	s, log := newServer(t, httpx.Config{}, module("job", map[string]http.HandlerFunc{
		"GET /panic": func(http.ResponseWriter, *http.Request) { panic("password=hunter2") },
		"GET /broken": func(w http.ResponseWriter, r *http.Request) {
			httpx.WriteProblem(r.Context(), w, errors.New("dsn hunter2"))
		},
	}))
	for _, path := range []string{"/panic", "/broken"} {
		w := do(t, s, request("GET", path, "", ""))
		wantProblem(t, w, 500, "INTERNAL")
		if strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%s leaks: %s", path, w.Body)
		}
	}
	if !strings.Contains(log.String(), "server_test.go") || strings.Count(log.String(), "hunter2") < 2 {
		t.Errorf("the log lacks the stack or the causes:\n%s", log)
	}
}

func TestPanicAfterTheAnswerBeganCutsTheConnection(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, module("job", map[string]http.HandlerFunc{
		"GET /half": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic("oops")
		},
	}))
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	resp, err := get(server.Client(), server.URL+"/half")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("the client cannot tell that the answer is cut")
	}
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	var got string
	s, _ := newServer(t, httpx.Config{BodyLimit: 1000, DepthLimit: 5}, module("job", map[string]http.HandlerFunc{
		"POST /jobs": func(w http.ResponseWriter, r *http.Request) {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			got = string(raw)
		},
	}))
	const json = "application/json"
	chunked := func(body string) *http.Request {
		r := request("POST", "/jobs", json, body)
		r.ContentLength = -1
		return r
	}
	compressed := request("POST", "/jobs", json, "\x1f\x8b")
	compressed.Header.Set("Content-Encoding", "gzip")
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		code   string
	}{
		"too large by its length":  {request("POST", "/jobs", json, strings.Repeat("1", 1001)), 413, "BODY_TOO_LARGE"},
		"too large, chunked":       {chunked(strings.Repeat("1", 1001)), 413, "BODY_TOO_LARGE"},
		"too deep":                 {request("POST", "/jobs", json, strings.Repeat("[", 1000)), 400, "INVALID_REQUEST"},
		"too deep, mixed":          {request("POST", "/jobs", json, `{"a":[{"b":[{"c":[]}]}]}`), 400, "INVALID_REQUEST"},
		"not UTF-8":                {request("POST", "/jobs", json, "\"\xff\""), 400, "INVALID_REQUEST"},
		"no content type":          {request("POST", "/jobs", "", "{}"), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"a form":                   {request("POST", "/jobs", "application/x-www-form-urlencoded", "a=b"), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"text that a browser may":  {request("POST", "/jobs", "text/plain", "{}"), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"compressed":               {compressed, 415, "UNSUPPORTED_ENCODING"},
		"another charset":          {request("POST", "/jobs", "application/json; charset=utf-16", "{}"), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"something that ends json": {request("POST", "/jobs", "application/jsonp", "{}"), 415, "UNSUPPORTED_MEDIA_TYPE"},
	} {
		t.Run(name, func(t *testing.T) {
			got = "not called"
			wantProblem(t, do(t, s, c.r), c.status, c.code)
			if got != "not called" {
				t.Errorf("the handler got %q", got)
			}
		})
	}
	for _, body := range []string{`{"a":[[[[1]]]]}`, `"[[[[[[[[{{{{{{\"[[[["`, "[" + strings.Repeat("[],", 100) + "[]]", strings.Repeat("1", 1000)} {
		if w := do(t, s, request("POST", "/jobs", "application/json; charset=Utf-8", body)); w.Code != 200 || got != body {
			t.Errorf("body %q: %d, handler got %q", body, w.Code, got)
		}
		if w := do(t, s, chunked(body)); w.Code != 200 || got != body {
			t.Errorf("chunked body %q: %d, handler got %q", body, w.Code, got)
		}
	}
	if w := do(t, s, request("POST", "/jobs", "", "")); w.Code != 200 {
		t.Errorf("no body: %d", w.Code)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{Timeout: 10 * time.Millisecond}, module("job", map[string]http.HandlerFunc{
		"GET /slow": func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			httpx.WriteProblem(r.Context(), w, r.Context().Err())
		},
	}))
	w := do(t, s, request("GET", "/slow", "", ""))
	wantProblem(t, w, 503, "TIMEOUT")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, module("job", map[string]http.HandlerFunc{"GET /jobs": ok}))
	for _, path := range []string{"/jobs", "/nowhere", "/health/live"} {
		w := do(t, s, request("GET", path, "", ""))
		for _, name := range []string{"X-Request-ID", "X-Correlation-ID", "X-Content-Type-Options", "Content-Security-Policy", "X-Frame-Options", "Referrer-Policy", "Cache-Control"} {
			if w.Header().Get(name) == "" {
				t.Errorf("GET %s: no %s", path, name)
			}
		}
	}
}

func TestIdentityOfARequest(t *testing.T) {
	t.Parallel()
	var trace string
	s, _ := newServer(t, httpx.Config{}, module("job", map[string]http.HandlerFunc{
		"GET /jobs": func(w http.ResponseWriter, r *http.Request) {
			m := httpx.Metadata(r.Context())
			trace = m.Trace
			_, _ = io.WriteString(w, m.Causation.String()+" "+m.Correlation.String())
		},
	}))
	const id, correlation, traceID = "018f3a4e-0000-7000-8000-000000000001", "018f3a4e-0000-7000-8000-000000000002", "4bf92f3577b34da6a3ce929d0e0e4736"
	r := request("GET", "/jobs", "", "")
	r.Header.Set("X-Request-ID", id)
	r.Header.Set("X-Correlation-ID", correlation)
	r.Header.Set("Traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
	w := do(t, s, r)
	if w.Body.String() != id+" "+correlation || w.Header().Get("X-Request-ID") != id || w.Header().Get("X-Correlation-ID") != correlation {
		t.Errorf("identity was not kept: %s, %v", w.Body, w.Header())
	}
	if !strings.HasPrefix(trace, "00-"+traceID+"-") || strings.Contains(trace, "00f067aa0ba902b7") {
		t.Errorf("the trace goes on as %q", trace)
	}

	// What is not well formed must not be echoed or stored.
	r = request("GET", "/jobs", "", "")
	r.Header.Set("X-Request-ID", "<script>")
	r.Header.Set("Traceparent", "00-"+strings.Repeat("0", 32)+"-00f067aa0ba902b7-01")
	w = do(t, s, r)
	if got := w.Header().Get("X-Request-ID"); len(got) != 36 || strings.Contains(trace, strings.Repeat("0", 32)) {
		t.Errorf("request id %q, trace %q", got, trace)
	}
}

func TestAccessLogAndMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	s, log := newServer(t, httpx.Config{Registry: registry}, module("job", map[string]http.HandlerFunc{
		"GET /jobs": ok,
		"GET /rule": func(w http.ResponseWriter, r *http.Request) {
			httpx.WriteProblem(r.Context(), w, problem.Rule("NO", "no").Because(errors.New("the cause")))
		},
	}))
	r := request("GET", "/jobs?q=secret-in-query", "", "")
	do(t, s, r)
	r.Header.Set("Authorization", "Bearer secret-in-header")
	do(t, s, r)
	do(t, s, request("GET", "/rule", "", ""))
	do(t, s, request("GET", "/nowhere/secret", "", ""))
	if text := log.String(); strings.Contains(text, "secret-in") || !strings.Contains(text, `"operation":"job.jobs"`) || !strings.Contains(text, "the cause") {
		t.Errorf("access log:\n%s", text)
	}
	text := do(t, s, request("GET", "/metrics", "", "")).Body.String()
	for _, want := range []string{
		`http_requests_total{app="test-api",operation="job.jobs",status="2xx"} 1`,
		`http_requests_total{app="test-api",operation="job.rule",status="4xx"} 1`,
		`http_requests_total{app="test-api",operation="none",status="4xx"} 1`,
		`http_request_duration_seconds_count{app="test-api",operation="job.jobs",status="2xx"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if strings.Contains(text, "tenant") || strings.Contains(text, "secret") {
		t.Error("/metrics has unbounded labels")
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s, log := newServer(t, httpx.Config{CheckTimeout: 20 * time.Millisecond})
	s.Check("postgres", func(context.Context) error { return nil })
	if w := do(t, s, request("GET", "/health/ready", "", "")); w.Code != 200 || w.Body.String() != `{"status":"ok","checks":{"postgres":"ok"}}`+"\n" {
		t.Errorf("ready = %d %s", w.Code, w.Body)
	}
	s.CheckOptional("cache", func(context.Context) error { return errors.New("away") })
	if w := do(t, s, request("GET", "/health/ready", "", "")); w.Code != 200 || w.Body.String() != `{"status":"degraded","checks":{"cache":"unavailable","postgres":"ok"}}`+"\n" {
		t.Errorf("ready without an optional part = %d %s", w.Code, w.Body)
	}
	s.Check("kafka", func(context.Context) error { return errors.New("dial kafka:9092 password=x") })
	s.Check("slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	s.Check("buggy", func(context.Context) error { panic("bug") })
	w := do(t, s, request("GET", "/health/ready", "", ""))
	if want := `{"status":"unavailable","checks":{"buggy":"unavailable","cache":"unavailable","kafka":"unavailable","postgres":"ok","slow":"unavailable"}}` + "\n"; w.Code != 503 || w.Body.String() != want {
		t.Errorf("ready = %d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "dial kafka:9092") {
		t.Error("what is wrong was not logged")
	}
	if w := do(t, s, request("GET", "/health/live", "", "")); w.Code != 200 {
		t.Errorf("live = %d: it must not depend on anything", w.Code)
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	document := `{"openapi":"3.1.0","info":{"title":"Demo"}}`
	s, _ := newServer(t, httpx.Config{OpenAPI: []byte(document)})
	w := do(t, s, request("GET", "/openapi.json", "", ""))
	if w.Body.String() != document || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("/openapi.json = %s %s", w.Header().Get("Content-Type"), w.Body)
	}
	r := request("GET", "/openapi.json", "", "")
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	if w := do(t, s, r); w.Code != 304 {
		t.Errorf("unchanged document: %d", w.Code)
	}
	for _, path := range []string{"/docs", "/docs/docs.js", "/docs/operation.js", "/docs/page.js", "/docs/schema.js", "/docs/try.js", "/docs/docs.css"} {
		w := do(t, s, request("GET", path, "", ""))
		body := w.Body.String()
		if w.Code != 200 || !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("GET %s = %d %v", path, w.Code, w.Header())
		}
		for _, forbidden := range []string{"innerHTML", "//cdn", "@import", "onclick=", "style=", "<script>", "eval("} {
			if strings.Contains(body, forbidden) {
				t.Errorf("%s contains %q, which needs other hosts, breaks the policy or trusts the document", path, forbidden)
			}
		}
	}
	without, _ := newServer(t, httpx.Config{})
	wantProblem(t, do(t, without, request("GET", "/docs", "", "")), 404, "NO_SUCH_PATH")
}

func TestStopsInOrder(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	s, _ := newServer(t, httpx.Config{DrainDelay: 300 * time.Millisecond}, module("job", map[string]http.HandlerFunc{
		"GET /slow": func(w http.ResponseWriter, r *http.Request) {
			close(inside)
			<-leave
			ok(w, r)
		},
	}))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	address, err := s.Address(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	status := func(path string) int {
		resp, err := get(client, "http://"+address+path)
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	if got := status("/health/ready"); got != 200 {
		t.Fatalf("ready = %d", got)
	}
	slow := make(chan int, 1)
	go func() { slow <- status("/slow") }()
	<-inside
	stop()
	// While draining it is not ready, but it still answers.
	for got := status("/health/ready"); got != 503; got = status("/health/ready") {
		if got != 200 {
			t.Fatalf("ready while draining = %d", got)
		}
	}
	select {
	case <-ended:
		t.Fatal("it stopped while a request was running")
	default:
	}
	close(leave)
	if got := <-slow; got != 200 {
		t.Errorf("the running request was cut off: %d", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("it still listens")
	}
}

func TestRequestsThatNeverEndDoNotKeepItAlive(t *testing.T) {
	t.Parallel()
	inside := make(chan struct{})
	s, log := newServer(t, httpx.Config{StopTimeout: 20 * time.Millisecond}, module("job", map[string]http.HandlerFunc{
		"GET /hang": func(_ http.ResponseWriter, r *http.Request) { close(inside); <-r.Context().Done() },
	}))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	address, err := s.Address(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	cut := make(chan error, 1)
	go func() {
		resp, err := get(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://"+address+"/hang")
		if err == nil {
			resp.Body.Close()
		}
		cut <- err
	}()
	<-inside
	stop()
	if err := <-ended; err != nil || !strings.Contains(log.String(), "cut off") {
		t.Errorf("Run = %v, log:\n%s", err, log)
	}
	if err := <-cut; err == nil {
		t.Error("the request was not cut off")
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s, err := httpx.NewServer(httpx.Config{App: "a", Addr: taken.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("Run = %v", err)
	}
	if _, err := httpx.NewServer(httpx.Config{Timeout: -1}); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("NewServer with three mistakes: %v", err)
	}
}
