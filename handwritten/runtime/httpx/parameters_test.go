package httpx_test

import (
	"fmt"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/httpx"
)

func TestParametersThatDecodersWouldTake(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, shop())
	const known = "; there are limit, status"
	for url, want := range map[string]string{
		"/orders?staus=open":           `[{query/staus UNKNOWN_PARAMETER is not a parameter of ListOrders; did you mean "status"?` + known + `}]`,
		"/orders?=1&xyz":               `[{query/ UNKNOWN_PARAMETER is not a parameter of ListOrders` + known + `} {query/xyz UNKNOWN_PARAMETER is not a parameter of ListOrders` + known + `}]`,
		"/orders?status=a&status=b":    `[{query/status REPEATED_PARAMETER comes 2 times; give it once, and write commas between the values of a list}]`,
		"/orders?status=":              `[{query/status EMPTY_PARAMETER has no values; leave it out or give it one}]`,
		"/orders?limit=":               "",
		"/orders?status=%00":           `[{query/status NOT_TEXT has the character NUL or is not UTF-8, which cannot be stored}]`,
		"/orders?status=%ff":           `[{query/status NOT_TEXT has the character NUL or is not UTF-8, which cannot be stored}]`,
		"/orders?status=%zz":           `[{query BROKEN_QUERY has a broken % escape or a semicolon; write & between parameters}]`,
		"/orders?status=a;limit=1":     `[{query BROKEN_QUERY has a broken % escape or a semicolon; write & between parameters}]`,
		"/orders/%00":                  `[{path NOT_TEXT has the character NUL or is not UTF-8, which cannot be stored}]`,
		"/orders?status=open&limit=50": "",
	} {
		w := do(t, s, request("GET", url, "", ""))
		if want == "" {
			if w.Code != 200 {
				t.Errorf("%s: %d %s", url, w.Code, w.Body)
			}
			continue
		}
		if p := wantProblem(t, w, 400, "INVALID_REQUEST"); fmt.Sprint(p.Errors) != want {
			t.Errorf("%s:\n got %v\nwant %s", url, p.Errors, want)
		}
	}
	w := do(t, s, request("POST", "/orders?dry_run=true", "application/json", "{}"))
	if p := wantProblem(t, w, 400, "INVALID_REQUEST"); p.Errors[0].Message != "PlaceOrder takes no query parameters" {
		t.Errorf("a parameter where there are none: %+v", p.Errors)
	}
}

func TestHeadersThatSayNothingOrTwoThings(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, shop())
	for _, name := range []string{"Content-Type", "If-Match", "Idempotency-Key", "Oksai-Consistency"} {
		for code, values := range map[string][]string{"EMPTY_HEADER": {""}, "REPEATED_HEADER": {"a", "b"}} {
			r := request("GET", "/orders", "", "")
			for _, v := range values {
				r.Header.Add(name, v)
			}
			if p := wantProblem(t, do(t, s, r), 400, "INVALID_REQUEST"); p.Errors[0].Code != code || p.Errors[0].Pointer != "header/"+name {
				t.Errorf("%s: %q: %+v", name, values, p.Errors)
			}
		}
	}
}
