package validate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/codec/validate"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/shopspring/decimal"
)

type colour string

func (colour) Values() []colour { return []colour{"red", "blue"} }

// codes are the mistakes that a check finds, as "pointer CODE".
func codes(check func(*validate.Errors)) string {
	errs := new(validate.Errors)
	check(errs)
	var p *problem.Error
	if !errors.As(errs.Problem(), &p) {
		return ""
	}
	var list []string
	for _, f := range p.Fields {
		list = append(list, f.Pointer+" "+f.Code)
	}
	return strings.Join(list, ", ")
}

func TestChecks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		check func(*validate.Errors)
		want  string
	}{
		{"runes are counted", func(v *validate.Errors) { v.Text("/a", "жж", 2, 2) }, ""},
		{"empty", func(v *validate.Errors) { v.Text("/a", "", 2, 2) }, "/a REQUIRED"},
		{"short", func(v *validate.Errors) { v.Text("/a", "ж", 2, 2) }, "/a TOO_SHORT"},
		{"long", func(v *validate.Errors) { v.Text("/a", "жжж", 2, 2) }, "/a TOO_LONG"},
		{"NUL", func(v *validate.Errors) { v.Text("/a", "a\x00", 0, validate.Unbounded) }, "/a INVALID_TEXT"},
		{"no UTF-8", func(v *validate.Errors) { v.Text("/a", "\xc3", 0, validate.Unbounded) }, "/a INVALID_TEXT"},
		{"range", func(v *validate.Errors) { v.Range("/a", 1, 2, 3); v.Range("/b", 4, 2, 3); v.Range("/c", 2, 2, 3) }, "/a TOO_SMALL, /b TOO_LARGE"},
		{"items", func(v *validate.Errors) { v.Items("/a", 1, 2, 3); v.Items("/b", 4, 2, 3); v.Items("/c", 3, 2, 3) }, "/a TOO_FEW, /b TOO_MANY"},
		{"enum", func(v *validate.Errors) { validate.Enum(v, "/a", colour("red")); validate.Enum(v, "/b", colour("")) }, "/b NOT_ONE_OF"},
		{"unique", func(v *validate.Errors) { validate.Unique(v, "/a", []int{1, 2, 1}) }, "/a/2 DUPLICATE"},
		{"e-mail", func(v *validate.Errors) {
			v.Email("/a", "ann@example.com")
			v.Email("/b", "Ann <ann@example.com>")
			v.Email("/c", "ann")
		},
			"/b INVALID_EMAIL, /c INVALID_EMAIL"},
		{"URL", func(v *validate.Errors) {
			v.URL("/a", "https://example.com/x")
			v.URL("/b", "/x")
			v.URL("/c", "javascript:alert(1)")
		}, "/b INVALID_URL, /c INVALID_URL"},
		{"keys are escaped", func(v *validate.Errors) { v.Check(false, validate.Key("/m", "a/b~c"), "X", "x") }, "/m/a~1b~0c X"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := codes(c.check); got != c.want {
				t.Errorf("mistakes %q, want %q", got, c.want)
			}
		})
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "", "999.99": "", "-999.99": "", "1.50000": "", "1000": "/price TOO_LARGE", "-1000": "/price TOO_LARGE", "1e9999": "/price TOO_LARGE", "0.001": "/price TOO_PRECISE", "1e-9999": "/price TOO_PRECISE",
	} {
		got := codes(func(errs *validate.Errors) { errs.Decimal("/price", decimal.RequireFromString(text), 5, 2) })
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
