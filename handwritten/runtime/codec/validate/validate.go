// Package validate collects all that is wrong with a command's values, each
// with a JSON Pointer to it, so that a client learns of everything at once.
// Lengths are in characters (runes), never in bytes.
package validate

import (
	"fmt"
	"math"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/shopspring/decimal"
)

// Unbounded is the upper limit of what has none.
const Unbounded = math.MaxInt64

// Errors are the mistakes found so far. The zero value is ready for use.
type Errors struct{ fields []problem.FieldError }

// Problem returns the mistakes as one error, nil if there are none.
func (v *Errors) Problem() error {
	if len(v.fields) == 0 {
		return nil
	}
	return problem.Invalid(v.fields...)
}

// Add records a mistake at the JSON Pointer.
func (v *Errors) Add(pointer, code, message string, args ...any) {
	v.fields = append(v.fields, problem.FieldError{Pointer: pointer, Code: code, Message: fmt.Sprintf(message, args...)})
}

// Text checks that s is text that every store can keep, of min to max characters.
func (v *Errors) Text(pointer, s string, min, max int64) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		v.Add(pointer, "INVALID_TEXT", "must be valid UTF-8 without NUL")
		return
	}
	n := int64(utf8.RuneCountInString(s))
	switch {
	case n == 0 && min > 0:
		v.Add(pointer, "REQUIRED", "must not be empty")
	case n < min:
		v.Add(pointer, "TOO_SHORT", "must have at least %d characters", min)
	case n > max:
		v.Add(pointer, "TOO_LONG", "must have at most %d characters", max)
	}
}

// Pattern checks that s has the form.
func (v *Errors) Pattern(pointer, s string, form *regexp.Regexp) {
	if !form.MatchString(s) {
		v.Add(pointer, "PATTERN", "must match %s", form)
	}
}

// Range checks that min ≤ n ≤ max.
func (v *Errors) Range(pointer string, n, min, max int64) {
	switch {
	case n < min:
		v.Add(pointer, "TOO_SMALL", "must be at least %d", min)
	case n > max:
		v.Add(pointer, "TOO_LARGE", "must be at most %d", max)
	}
}

// Decimal checks that n has at most precision digits, scale of them after the
// point: a column would round the one, and refuse the other.
func (v *Errors) Decimal(pointer string, n decimal.Decimal, precision, scale int32) {
	switch {
	case !n.Equal(n.Truncate(scale)):
		v.Add(pointer, "TOO_PRECISE", "must have at most %d digits after the point", scale)
	case n.Abs().GreaterThanOrEqual(decimal.New(1, precision-scale)):
		v.Add(pointer, "TOO_LARGE", "must have at most %d digits before the point", precision-scale)
	}
}

// Items checks that a list, set or map of n items has min to max of them.
func (v *Errors) Items(pointer string, n int, min, max int64) {
	switch {
	case int64(n) < min:
		v.Add(pointer, "TOO_FEW", "must have at least %d items", min)
	case int64(n) > max:
		v.Add(pointer, "TOO_MANY", "must have at most %d items", max)
	}
}

// Enum checks that a value is one of those its type has.
func Enum[T interface {
	~string
	Values() []T
}](v *Errors, pointer string, value T) {
	if values := value.Values(); !slices.Contains(values, value) {
		v.Add(pointer, "NOT_ONE_OF", "must be one of %s", join(values))
	}
}

// Unique checks that a list holds nothing twice.
func Unique[T comparable](v *Errors, pointer string, list []T) {
	for i, item := range list {
		if slices.Contains(list[:i], item) {
			v.Add(Index(pointer, i), "DUPLICATE", "must not repeat an earlier item")
		}
	}
}

// Email checks the form of an e-mail address.
func (v *Errors) Email(pointer, s string) {
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s || len(s) > 254 {
		v.Add(pointer, "INVALID_EMAIL", "must be an e-mail address")
	}
}

// URL checks that s is an absolute http or https address.
func (v *Errors) URL(pointer, s string) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(s) > 2048 {
		v.Add(pointer, "INVALID_URL", "must be an absolute http or https URL")
	}
}

// Check records a mistake unless ok.
func (v *Errors) Check(ok bool, pointer, code, message string) {
	if !ok {
		v.Add(pointer, code, "%s", message)
	}
}

// Index is the pointer to a list's item.
func Index(pointer string, i int) string { return pointer + "/" + strconv.Itoa(i) }

// Key is the pointer to a map's value.
func Key[K ~string](pointer string, key K) string {
	return pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(string(key))
}

func join[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}
