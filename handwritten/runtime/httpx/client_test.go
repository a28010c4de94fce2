package httpx

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestOnlyProxiesAreBelievedWhoAskedThem(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"no proxy":                    {"203.0.113.7:99", nil, "203.0.113.7"},
		"who is no proxy lies":        {"203.0.113.7:99", []string{"1.2.3.4"}, "203.0.113.7"},
		"a proxy":                     {"10.0.0.1:99", []string{"203.0.113.7"}, "203.0.113.7"},
		"a client lies to a proxy":    {"10.0.0.1:99", []string{"1.2.3.4, 203.0.113.7"}, "203.0.113.7"},
		"two proxies, two headers":    {"[::1]:99", []string{"1.2.3.4", "203.0.113.7,10.9.9.9"}, "203.0.113.7"},
		"a proxy says nothing":        {"10.0.0.1:99", nil, "10.0.0.1"},
		"a proxy says no address":     {"10.0.0.1:99", []string{"203.0.113.7, unknown"}, "10.0.0.1"},
		"only proxies":                {"10.0.0.1:99", []string{"10.0.0.2"}, "10.0.0.2"},
		"an IPv4 address within IPv6": {"[::ffff:203.0.113.7]:99", nil, "203.0.113.7"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := addressOf(r, proxies).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestADeviceIsRecognised(t *testing.T) {
	t.Parallel()
	s, err := NewServer(Config{App: "test", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	var seen string
	handler := s.observe(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if seen = Device(r.Context()); seen == "" {
			SetDevice(r.Context(), "laptop")
		}
	}))
	first := httptest.NewRecorder()
	handler.ServeHTTP(first, httptest.NewRequest("GET", "/", nil))
	sent := first.Header().Get("Set-Cookie")
	for _, want := range []string{"__Host-oksai-device=laptop", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(sent, want) {
			t.Errorf("the cookie %q lacks %s", sent, want)
		}
	}
	again := httptest.NewRequest("GET", "/", nil)
	again.Header.Set("Cookie", strings.Split(sent, ";")[0])
	second := httptest.NewRecorder()
	handler.ServeHTTP(second, again)
	if seen != "laptop" || second.Header().Get("Set-Cookie") != "" {
		t.Errorf("the device is %q, and gets %q", seen, second.Header().Get("Set-Cookie"))
	}
}
