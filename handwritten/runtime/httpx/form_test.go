package httpx_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/httpx"
)

// shop is a module with one operation that takes an order, and one without a body.
func shop() httpx.Module {
	return httpx.Module{
		Name: "shop", Verifier: anyone{}, Handler: http.HandlerFunc(ok),
		Find: func(method string, _ *url.URL) (httpx.Operation, bool) {
			if method == http.MethodPost {
				return httpx.Operation{Name: "PlaceOrder", Body: "Order"}, true
			}
			return httpx.Operation{Name: "ListOrders", Query: []string{"limit", "status"}, Lists: []string{"status"}}, method == http.MethodGet
		},
		Forms: httpx.Forms{
			"Order": {"title": "", "lines": "Line", "extra": "", "by_size": "Lines"},
			"Line":  {"name": "", "amount": ""},
			"Lines": {httpx.AnyField: "Line"},
		},
	}
}

// TestBodiesThatDecodersWouldTake: what is wrong is told with its place, all at once.
func TestBodiesThatDecodersWouldTake(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, shop())
	for body, want := range map[string]string{
		`{"titel": "x"}`: `/titel UNKNOWN_FIELD is not a field that this operation takes; did you mean "title"?`,
		`{"zzz": 1, "lines": [{}, {"amont": 1}]}`:   `/zzz UNKNOWN_FIELD is not a field that this operation takes, /lines/1/amont UNKNOWN_FIELD is not a field that this operation takes; did you mean "amount"?`,
		`{"by_size": {"any key": {"nam": 1}}}`:      `/by_size/any key/nam UNKNOWN_FIELD is not a field that this operation takes; did you mean "name"?`,
		`{"a/b~": 1}`:                               `/a~1b~0 UNKNOWN_FIELD is not a field that this operation takes`,
		`{"title": "x", "title": "y"}`:              `/title REPEATED_FIELD comes more than once`,
		`{"title": "x", "t\u0069tle": "y"}`:         `/title REPEATED_FIELD comes more than once`,
		`{"extra": {"free": {"a": 1, "a": 2}}}`:     `/extra/free/a REPEATED_FIELD comes more than once`,
		`{"title": "a\u0000b"}`:                     `/title NOT_TEXT has the character NUL, which cannot be stored`,
		`{"extra": {"\u0000": 1}}`:                  "/extra/\x00 NOT_TEXT has the character NUL in its name, which cannot be stored",
		`{"title": "\ud83d"}`:                       `/title NOT_TEXT has half of a character, \ud83d`,
		`{"title": "\ude00\ud83d"}`:                 `/title NOT_TEXT has half of a character, \ude00`,
		`{"title": "\ud83d\ud83d\ude00"}`:           `/title NOT_TEXT has half of a character, \ud83d`,
		"{\"title\": \"a\x00b\"}":                   `/title BROKEN_JSON is not JSON from here on`,
		"{\"title\": \"a\nb\"}":                     `/title BROKEN_JSON is not JSON from here on`,
		`{"title": "x"`:                             ` BROKEN_JSON is not JSON from here on`,
		`{"title": "x"} {}`:                         ` BROKEN_JSON is not JSON from here on`,
		`{"title": NaN}`:                            `/title BROKEN_JSON is not JSON from here on`,
		`{"title": 01}`:                             `/title BROKEN_JSON is not JSON from here on`,
		`{"extra": ` + strings.Repeat("[", 100_000): `/extra` + strings.Repeat("/0", 47) + `… TOO_DEEP is nested deeper than this API reads`,
		`{"` + strings.Repeat("x", 5000) + `": 1}`:  `/` + strings.Repeat("x", 99) + `… UNKNOWN_FIELD is not a field that this operation takes`,
		"\ufeff{}": ` BROKEN_JSON is not JSON from here on`,
	} {
		t.Run("", func(t *testing.T) {
			p := wantProblem(t, do(t, s, request("POST", "/orders", "application/json", body)), 400, "INVALID_REQUEST")
			var got []string
			for _, f := range p.Errors {
				got = append(got, f.Pointer+" "+f.Code+" "+f.Message)
			}
			if strings.Join(got, ", ") != want {
				t.Errorf("body %.80s:\n got %s\nwant %s", body, strings.Join(got, ", "), want)
			}
		})
	}
	many := wantProblem(t, do(t, s, request("POST", "/orders", "application/json", manyFields(10_000))), 400, "INVALID_REQUEST")
	if len(many.Errors) != 20 {
		t.Errorf("%d mistakes are told, want the first 20", len(many.Errors))
	}
}

func manyFields(n int) string {
	var b strings.Builder
	b.WriteString(`{"title": 1`)
	for i := range n {
		b.WriteString(`, "x` + strings.Repeat("y", i%5) + `": 1`)
	}
	return b.String() + "}"
}

func TestBodiesThatAreFine(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, shop())
	for _, body := range []string{
		`{}`, `null`, `{"title": "\\u0000 \ud83d\ude00 \u00e9 \" \\", "lines": [], "extra": {"free": [{"form": 1e400}]}}`,
		`{"by_size": {"s": {"name": 1}, "m": {"name": 2}}}`, `{"lines": [{"name": 1}, {"name": 1}]}`, " {} \r\n",
	} {
		if w := do(t, s, request("POST", "/orders", "application/json", body)); w.Code != 200 {
			t.Errorf("body %s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestOperationsWithoutABody(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, shop())
	if w := do(t, s, request("GET", "/orders", "application/json", " {} ")); w.Code != 200 {
		t.Errorf("an empty object: %d %s", w.Code, w.Body)
	}
	p := wantProblem(t, do(t, s, request("GET", "/orders", "application/json", `{"reason": "x"}`)), 400, "INVALID_REQUEST")
	if p.Errors[0].Code != "NO_BODY" {
		t.Errorf("errors %+v", p.Errors)
	}
}
