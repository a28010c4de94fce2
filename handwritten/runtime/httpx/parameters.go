package httpx

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// checkParameters refuses what decoders pass over in silence: parameters that
// the operation does not have or that come twice, and texts that cannot be stored.
func (o Operation) checkParameters(r *http.Request) error {
	found := append(o.checkQuery(r.URL), checkHeaders(r.Header)...)
	if !storable(r.URL.Path) {
		found = append(found, problem.FieldError{Pointer: "path", Code: "NOT_TEXT", Message: notText})
	}
	if len(found) > 0 {
		return problem.Invalid(found[:min(len(found), maxFound)]...)
	}
	return nil
}

func (o Operation) checkQuery(u *url.URL) (found []problem.FieldError) {
	if u.RawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return []problem.FieldError{{Pointer: "query", Code: "BROKEN_QUERY", Message: "has a broken % escape or a semicolon; write & between parameters"}}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if code, message := o.judge(name, values[name]); code != "" {
			found = append(found, problem.FieldError{Pointer: "query/" + shortened(strings.ToValidUTF8(name, "?")), Code: code, Message: message})
		}
	}
	return found
}

func (o Operation) judge(name string, values []string) (code, message string) {
	switch {
	case !slices.Contains(o.Query, name):
		return "UNKNOWN_PARAMETER", o.unknown(name)
	case len(values) > 1:
		return "REPEATED_PARAMETER", fmt.Sprintf("comes %d times; give it once, and write commas between the values of a list", len(values))
	case values[0] == "" && slices.Contains(o.Lists, name):
		return "EMPTY_PARAMETER", "has no values; leave it out or give it one"
	case !storable(values[0]):
		return "NOT_TEXT", notText
	}
	return "", ""
}

func (o Operation) unknown(name string) string {
	if len(o.Query) == 0 {
		return o.Name + " takes no query parameters"
	}
	return "is not a parameter of " + o.Name + meant(name, slices.Values(o.Query)) + "; there are " + strings.Join(o.Query, ", ")
}

// singular are the headers that change what a request does. Which of two would
// hold is anyone's guess, and an empty one is a client's mistake, not a wish.
var singular = []string{"Content-Type", "If-Match", IdempotencyHeader, ConsistencyHeader}

func checkHeaders(h http.Header) (found []problem.FieldError) {
	for _, name := range singular {
		switch values := h.Values(name); {
		case len(values) > 1:
			found = append(found, problem.FieldError{Pointer: "header/" + name, Code: "REPEATED_HEADER", Message: "comes more than once"})
		case len(values) == 1 && values[0] == "":
			found = append(found, problem.FieldError{Pointer: "header/" + name, Code: "EMPTY_HEADER", Message: "is empty; leave it out or give it a value"})
		}
	}
	return found
}

const notText = "has the character NUL or is not UTF-8, which cannot be stored"

func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
