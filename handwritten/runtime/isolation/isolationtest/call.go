package isolationtest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/isolation"
)

// call is one request that an operation accepts, its values still being words.
type call struct {
	isolation.Operation
	// param is one optional query parameter that is given; zero for none.
	param isolation.Param
	// headers are names and values in turn; a value may have words.
	headers []string
	// text stands for {canary} in the body: who stores a text stores its own.
	text string
}

// template is all of the call that has words.
func (c call) template() string {
	all := []string{c.Path, c.Body, c.param.Value}
	for _, p := range c.Query {
		if p.Required {
			all = append(all, p.Value)
		}
	}
	return strings.Join(append(all, c.headers...), "\n")
}

func (c call) url(base string, w words) string {
	values := url.Values{}
	for _, p := range c.Query {
		if p.Required || p == c.param {
			values.Set(p.Name, w.in(p.Value))
		}
	}
	if len(values) == 0 {
		return base + w.in(c.Path)
	}
	return base + w.in(c.Path) + "?" + values.Encode()
}

func (c call) String() string {
	text := c.Method + " " + c.Path
	if c.param.Name != "" {
		text += "?" + c.param.Name
	}
	if len(c.headers) > 0 {
		text += " with " + c.headers[0]
	}
	return text
}

// answer is what came back, in full.
type answer struct {
	status int
	text   string // status, headers and body
	body   []byte
}

// The same in every request, so that answers do not differ by them.
const (
	requestID = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
	trace     = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)

// volatile headers differ from one answer to the next: the time, how many
// requests are left, and the place in the log that a write has got. The length
// is that of a body that is compared.
var volatile = []string{"Date", "Content-Length", "Ratelimit", "Ratelimit-Policy", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset", httpx.ConsistencyHeader}

// send makes the request with a token. An answer that says nothing of tenants ends the test.
func (r *Running) send(t testing.TB, token string, c call, w words) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), c.Method, c.url(r.base, w), strings.NewReader(w.in(strings.ReplaceAll(c.Body, "{canary}", c.text))))
	check(t, err)
	if c.Body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set(httpx.RequestIDHeader, requestID)
	req.Header.Set(httpx.TraceHeader, trace)
	for i := 0; i < len(c.headers); i += 2 {
		req.Header.Set(c.headers[i], w.in(c.headers[i+1]))
	}
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(t, err)
	strange := strings.Contains(string(body), `"code":"UNAUTHORIZED"`) // not merely a wrong password
	if strange || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500 {
		t.Fatalf("%v answers %d, which proves nothing: %s", c, resp.StatusCode, body)
	}
	return answer{resp.StatusCode, describe(resp, body), body}
}

func describe(resp *http.Response, body []byte) string {
	var text strings.Builder
	fmt.Fprintln(&text, resp.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		if !slices.Contains(volatile, name) {
			fmt.Fprintln(&text, name, resp.Header[name])
		}
	}
	text.Write(body)
	return text.String()
}

var (
	anyID   = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`)
)
