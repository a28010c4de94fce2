package tests

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
)

// directive is one of Nginx's: words, and others in its braces.
type directive struct {
	words []string
	block []directive
}

// named are the directives that begin with the words.
func named(in []directive, words ...string) []directive {
	var out []directive
	for _, d := range in {
		if len(d.words) >= len(words) && slices.Equal(d.words[:len(words)], words) {
			out = append(out, d)
		}
	}
	return out
}

// value is the one argument of the only directive of that name.
func value(t *testing.T, in []directive, name string) string {
	t.Helper()
	found := named(in, name)
	if len(found) != 1 || len(found[0].words) < 2 {
		t.Fatalf("%d directives %s, want one with a value", len(found), name)
	}
	return found[0].words[1]
}

// parseNginx reads a configuration: enough of the grammar for ours.
func parseNginx(t *testing.T, text string) []directive {
	t.Helper()
	tokens := nginxTokens(text)
	var block func() []directive
	block = func() []directive {
		var out []directive
		var words []string
		for len(tokens) > 0 {
			token := tokens[0]
			tokens = tokens[1:]
			switch token {
			case ";":
				out, words = append(out, directive{words: words}), nil
			case "{":
				out, words = append(out, directive{words, block()}), nil
			case "}":
				if words != nil {
					t.Fatalf("%v has no semicolon", words)
				}
				return out
			default:
				words = append(words, token)
			}
		}
		return out
	}
	parsed := block()
	if len(tokens) > 0 {
		t.Fatalf("a brace too many before %v", tokens[:min(5, len(tokens))])
	}
	return parsed
}

func nginxTokens(text string) []string {
	var tokens []string
	for len(text) > 0 {
		switch c := text[0]; {
		case strings.ContainsRune(" \t\n", rune(c)):
			text = text[1:]
		case c == '#':
			_, text, _ = strings.Cut(text, "\n")
		case c == '\'' || c == '"':
			end := strings.IndexByte(text[1:], c)
			tokens, text = append(tokens, text[1:1+end]), text[2+end:]
		case strings.ContainsRune(";{}", rune(c)):
			tokens, text = append(tokens, text[:1]), text[1:]
		default:
			end := strings.IndexAny(text, " \t\n;{}")
			tokens, text = append(tokens, text[:end]), text[end:]
		}
	}
	return tokens
}

func (i installation) nginx(t *testing.T) []directive {
	t.Helper()
	top := parseNginx(t, i.read(t, "deploy/nginx/nginx.conf"))
	http := named(top, "http")
	if len(http) != 1 {
		t.Fatalf("%d blocks http", len(http))
	}
	return http[0].block
}

func TestNginxLeadsToEachApp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		config := i.nginx(t)
		for name, app := range i.apps {
			upstream := named(config, "upstream", name)
			if len(upstream) != 1 || value(t, upstream[0].block, "server") != name+":"+strconv.Itoa(app.Port) {
				t.Errorf("no upstream leads to %s:%d", name, app.Port)
			}
			at := slices.IndexFunc(config, func(d directive) bool { return len(named(d.block, "server_name", name+".*")) == 1 })
			if at < 0 {
				t.Errorf("no server has the name %s.*", name)
				continue
			}
			server := config[at].block
			if pass := value(t, named(server, "location", "/")[0].block, "proxy_pass"); pass != "http://"+name {
				t.Errorf("%s passes to %s", name, pass)
			}
			if port := value(t, server, "listen"); (port == "8081") != app.operators() {
				t.Errorf("%s listens on %s: apps for operators belong to 8081, the others to 8080", name, port)
			}
		}
	})
}

// TestNginxPassesWhatTheAppTakes asks a server with default limits.
func TestNginxPassesWhatTheAppTakes(t *testing.T) {
	t.Parallel()
	config := committed(t).nginx(t)
	limit := bytesOf(t, value(t, config, "client_max_body_size"))
	app := appServer(t)
	for _, c := range []struct {
		size, want int
	}{{limit, http.StatusNoContent}, {limit + 1, http.StatusRequestEntityTooLarge}} {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`"`+strings.Repeat("a", c.size-2)+`"`))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer any")
		answer := httptest.NewRecorder()
		app.ServeHTTP(answer, request)
		if answer.Code != c.want {
			t.Errorf("the app answers %d to %d bytes, want %d: is client_max_body_size its limit?", answer.Code, c.size, c.want)
		}
	}
}

// TestNginxWaitsForTheApp: httpx gives a request 30 s and keeps idle connections for 90 s.
func TestNginxWaitsForTheApp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		config := i.nginx(t)
		if wait := span(t, value(t, config, "proxy_read_timeout")); wait <= 30*time.Second {
			t.Errorf("nginx gives up after %s, before the app answers that it took too long", wait)
		}
		for _, upstream := range named(config, "upstream") {
			if idle := span(t, value(t, upstream.block, "keepalive_timeout")); idle >= 90*time.Second {
				t.Errorf("%s: nginx keeps connections for %s that the app has closed", upstream.words[1], idle)
			}
		}
	})
}

// TestNginxRepeatsNoHeader: what the app sends is not sent once more.
func TestNginxRepeatsNoHeader(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		answer := httptest.NewRecorder()
		appServer(t).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/health/live", nil))
		config := i.nginx(t)
		passing := [][]directive{config}
		for _, server := range named(config, "server") {
			passing = append(passing, server.block)
			for _, location := range named(server.block, "location") {
				if len(named(location.block, "proxy_pass")) > 0 {
					passing = append(passing, location.block)
				}
			}
		}
		for _, block := range passing {
			for _, added := range named(block, "add_header") {
				if answer.Header().Get(added.words[1]) != "" {
					t.Errorf("the app sends %s already", added.words[1])
				}
			}
		}
		if !slices.ContainsFunc(named(config, "proxy_set_header"), func(d directive) bool { return strings.EqualFold(d.words[1], httpx.RequestIDHeader) }) {
			t.Errorf("%s is not passed on", httpx.RequestIDHeader)
		}
	})
}

// appServer is what every app serves, with one operation: to post a text at /.
func appServer(t *testing.T) http.Handler {
	t.Helper()
	notes := httpx.Module{
		Name: "notes", Verifier: anyone{},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		Find: func(_ string, at *url.URL) (httpx.Operation, bool) {
			return httpx.Operation{Name: "Post", Platform: true, Body: "Text"}, at.Path == "/"
		},
	}
	server, err := httpx.NewServer(httpx.Config{App: "test", Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}, notes)
	if err != nil {
		t.Fatal(err)
	}
	return server.Handler()
}

// anyone lets every token pass.
type anyone struct{}

func (anyone) Verify(context.Context, string) (authn.Principal, error) { return authn.Principal{}, nil }

func bytesOf(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSuffix(text, "m"))
	if err != nil {
		t.Fatal(err)
	}
	return n << 20
}

func span(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
