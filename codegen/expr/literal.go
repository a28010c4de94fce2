package expr

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

var (
	uuidText    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	decimalText = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
)

// scalar reads a text as a literal of a type: a string, an int64 or a bool, as ir.Expr.Value says.
func scalar(text string, want ir.Type, pos diag.Pos, diags *diag.List) (any, bool) {
	switch want.Kind {
	case ir.Enum:
		return text, enumValue(text, want, pos, diags)
	case ir.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		return n, wellFormed(err == nil, "a whole number", text, want, pos, diags) && inRange(n, want, pos, diags)
	case ir.Bool:
		return text == "true", wellFormed(text == "true" || text == "false", "true or false", text, want, pos, diags)
	case ir.String, ir.Text, ir.Email, ir.URL:
		return text, fits(text, want, pos, diags)
	}
	example, ok := form(text, want.Kind)
	return text, wellFormed(ok, example, text, want, pos, diags)
}

// form says how a literal of a kind is written, and whether the text is.
func form(text string, kind ir.Kind) (example string, ok bool) {
	switch kind {
	case ir.Decimal:
		return "a number such as 12.50", decimalText.MatchString(text)
	case ir.UUID, ir.Ref:
		return "a uuid in lower case", uuidText.MatchString(text)
	case ir.Timestamp:
		_, err := time.Parse(time.RFC3339Nano, text)
		return "a time such as 2026-01-31T12:00:00Z", err == nil
	case ir.Date:
		_, err := time.Parse(time.DateOnly, text)
		return "a day such as 2026-01-31", err == nil
	case ir.Duration:
		_, err := time.ParseDuration(text)
		return "a duration such as 720h or 1h30m", err == nil
	case ir.JSON:
		return "JSON", json.Valid([]byte(text))
	}
	return "a " + string(kind) + "; a literal of it is written in YAML's own form", false
}

func wellFormed(ok bool, form, text string, want ir.Type, pos diag.Pos, diags *diag.List) bool {
	if !ok {
		diags.Errorf(pos, "bad-literal", "%q is not %s", text, A(want)).WithHint("write %s, or =… for an expression", form)
	}
	return ok
}

func enumValue(text string, want ir.Type, pos diag.Pos, diags *diag.List) bool {
	var names []string
	for _, v := range want.Def.Values {
		names = append(names, v.Name)
	}
	if slices.Contains(names, text) {
		return true
	}
	diags.Errorf(pos, "unknown-enum-value", "%s has no value %q", want.Def.Name, text).Suggest(text, names)
	return false
}

func inRange(n int64, want ir.Type, pos diag.Pos, diags *diag.List) bool {
	l := want.Limits
	if (l.Min != nil && n < *l.Min) || (l.Max != nil && n > *l.Max) {
		diags.Errorf(pos, "literal-out-of-range", "%d is outside what %s allows", n, TypeString(want))
		return false
	}
	return true
}

// fits checks a literal text against the constraints of its type, after the same trimming as a caller's.
func fits(text string, want ir.Type, pos diag.Pos, diags *diag.List) bool {
	l := want.Limits
	if l.Trim {
		text = strings.TrimSpace(text)
	}
	if l.Lower {
		text = strings.ToLower(text)
	}
	n := int64(utf8.RuneCountInString(text))
	switch {
	case l.MinLength != nil && n < *l.MinLength, l.MaxLength != nil && n > *l.MaxLength:
		diags.Errorf(pos, "literal-out-of-range", "%q has %d characters, which %s does not allow", text, n, TypeString(want))
	case l.Pattern != "" && !matches(l.Pattern, text):
		diags.Errorf(pos, "literal-out-of-range", "%q does not match %s, the pattern of %s", text, l.Pattern, TypeString(want))
	default:
		return true
	}
	return false
}

// matches holds too for a broken pattern, which is reported where it is declared.
func matches(pattern, text string) bool {
	re, err := regexp.Compile(pattern)
	return err != nil || re.MatchString(text)
}
