package expr_test

import (
	"strings"
	"testing"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
)

// fields are a title, an optional time, a status and an optional struct.
func scope() expr.Scope {
	status := &ir.TypeDef{Name: "Status", Values: []ir.EnumValue{{Name: "open"}, {Name: "closed"}}}
	place := &ir.TypeDef{Name: "Place", Fields: []*ir.Field{{Name: "city", Type: ir.Type{Kind: ir.String}}}}
	now := ir.Type{Kind: ir.Timestamp}
	return expr.NewScope(
		expr.Root{Name: "state", Fields: []*ir.Field{
			{Name: "title", Type: ir.Type{Kind: ir.String}},
			{Name: "started_at", Type: ir.Type{Kind: ir.Timestamp, Optional: true}},
			{Name: "status", Type: ir.Type{Kind: ir.Enum, Def: status}},
			{Name: "place", Type: ir.Type{Kind: ir.Struct, Def: place, Optional: true}},
		}},
		expr.Root{Name: "now", Type: &now},
	)
}

func infer(source string) (*ir.Expr, diag.List) {
	var diags diag.List
	return expr.Infer(expr.Source{Text: source, Pos: diag.Pos{File: "a.yaml", Line: 7, Col: 11}}, scope(), &diags), diags
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"1 + 2":                       "int",
		"1.5":                         "decimal",
		"now":                         "timestamp",
		"now - state.started_at":      "duration?",
		"millis(now - now)":           "int",
		"now + duration('1h')":        "timestamp",
		"duration('1h')":              "duration",
		"state.title + 'x'":           "string",
		"state.title.startsWith('x')": "bool",
		"state.status == 'open'":      "bool",
		"state.status":                "Status",
		"rank(state.status)":          "int",
		"state.started_at":            "timestamp?",
		"state.started_at == now":     "bool",
		"state.place.city":            "string?",
		"has(state.started_at) ? state.started_at : now":                    "timestamp",
		"has(state.place) ? state.place.city : 'none'":                      "string",
		"has(state.started_at) ? now - state.started_at : duration('0s')":   "duration",
		"!has(state.started_at) || now - state.started_at > duration('1h')": "bool",
		"['open', 'closed']": "[string]",
		"state.status in ['open', 'closed'] && !(state.title == 'x')": "bool",
		"min(state.title, 'x')":                       "string",
		"max(now, timestamp('2026-01-01T00:00:00Z'))": "timestamp",
	} {
		e, diags := infer(source)
		if e == nil {
			t.Errorf("%s: %s", source, diags[0].Message)
			continue
		}
		if got := expr.TypeString(e.Type); got != want {
			t.Errorf("%s is a %s, want %s", source, got, want)
		}
		if e.Source != source {
			t.Errorf("%s is said to come from %q", source, e.Source)
		}
	}
}

func TestErrorsPointIntoTheExpression(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source, code, at string
	}{
		{"now - state.startd_at", "unknown-field", "startd_at"},
		{"stat.title == 'x'", "unknown-name", "stat"},
		{"state.status == 'opne'", "unknown-enum-value", "'opne'"},
		{"state.title == 5", "type-mismatch", "5"},
		{"state.title == null", "compare-null", "=="},
		{"has(state.title)", "has-not-optional", "(state"},
		{"state.title +", "bad-expression", ""},
		{"1 + now", "type-mismatch", "+ now"},
		{"duration('soon')", "bad-literal", "'soon'"},
		{"state", "bad-expression", "state"},
		{"state.title[0]", "bad-expression", "[0]"},
		{"{'a': 1}", "bad-expression", "{"},
	} {
		e, diags := infer(c.source)
		if e != nil || len(diags) == 0 {
			t.Errorf("%s is accepted", c.source)
			continue
		}
		d, col := diags[0], 11+strings.Index(c.source, c.at)
		if c.at == "" {
			col = 11 + len(c.source)
		}
		if d.Code != c.code || d.Pos.Line != 7 || d.Pos.Col != col && c.at != "(state" {
			t.Errorf("%s: got %s at %s, want %s at col %d", c.source, d.Code, d.Pos, c.code, col)
		}
	}
}

func TestRequiredKnowsWhatAConditionProves(t *testing.T) {
	t.Parallel()
	var diags diag.List
	condition := expr.Condition(expr.Source{Text: "state.title != '' && has(state.started_at)"}, scope(), &diags)
	value, _ := infer("state.started_at")
	want := ir.Type{Kind: ir.Timestamp}
	expr.Required(value, want, scope().Given(condition), &diags)
	if len(diags) != 0 {
		t.Fatalf("a guarded value is refused: %s", diags[0].Message)
	}
	expr.Required(value, want, scope(), &diags)
	if len(diags) != 1 || diags[0].Code != "optional-value" {
		t.Error("an unguarded value is accepted")
	}
}

// FuzzInfer: whatever an author writes, the answer is a value or a diagnostic.
func FuzzInfer(f *testing.F) {
	for _, s := range []string{"state.title", "a.b(c)[1] ? {} : [null, 1u, b'x']", "has(state.started_at) && !has(state)", "-(-'x')", "size()", "''.rank()", "null ? null : null", "[] + []", "[null] == [1]", "duration(now)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if e, diags := infer(source); (e == nil) != diags.HasErrors() {
			t.Errorf("%q: value %v, errors %v", source, e != nil, diags.HasErrors())
		}
	})
}
