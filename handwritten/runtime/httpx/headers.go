package httpx

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

const maxKeyBytes = 255

// ETag returns a version as a strong entity tag, quotes included.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// ConsistencyToken returns what a client hands to a query that must have seen
// the write at p; empty for the zero position.
func ConsistencyToken(p event.Position) string {
	if p.IsZero() {
		return ""
	}
	return p.Token()
}

// ParseIfMatch returns the version that an If-Match header names, nil if the
// header is empty. Only one strong tag of ours is understood.
func ParseIfMatch(header string) (*int64, error) {
	if header == "" {
		return nil, nil
	}
	refuse := func(why string) (*int64, error) {
		return nil, problem.Invalid(problem.FieldError{Pointer: "header/If-Match", Code: "INVALID_IF_MATCH", Message: why + `; send the ETag of the version you saw unchanged, e.g. If-Match: "7"`})
	}
	switch {
	case header == "*":
		return refuse("* matches every version; leave the header out to mean that")
	case strings.HasPrefix(header, "W/"):
		return refuse("a weak tag cannot guard a change")
	case strings.Contains(header, ","):
		return refuse("it must be one tag, not a list")
	}
	digits, ok := strings.CutPrefix(header, `"`)
	digits, closed := strings.CutSuffix(digits, `"`)
	version, err := strconv.ParseInt(digits, 10, 64)
	if !ok || !closed || err != nil || version < 1 || ETag(version) != header {
		return refuse("it is not an ETag of this API")
	}
	return &version, nil
}

// checkKey refuses an Idempotency-Key that could not be stored or compared as it stands.
func checkKey(key string) error {
	if len(key) > maxKeyBytes {
		return badKey(fmt.Sprintf("has %d characters, more than %d", len(key), maxKeyBytes))
	}
	for _, c := range []byte(key) {
		if c < '!' || c > '~' {
			return badKey("has characters other than printable ASCII without spaces")
		}
	}
	return nil
}

func badKey(why string) error {
	return problem.Invalid(problem.FieldError{Pointer: "header/Idempotency-Key", Code: "INVALID_IDEMPOTENCY_KEY", Message: why + "; a UUID is a good key"})
}

func errIfMatchRequired() error {
	return problem.New(428, "IF_MATCH_REQUIRED", "If-Match required", "this command needs an If-Match header with the ETag of the version you saw")
}

// Unchanged reports whether an If-None-Match header names the tag; for a read it
// does not matter whether tags are strong.
func Unchanged(ifNoneMatch, tag string) bool {
	for _, one := range strings.Split(ifNoneMatch, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}
