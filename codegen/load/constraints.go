package load

import (
	"regexp"
	"time"

	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// form reads how a text is brought into form before it is checked.
func (m *module) form(t *ir.Type, r *syntax.Reader) {
	m.applies(r, *t, isText(*t), "trim", "lower")
	t.Limits.Trim = r.Bool("trim") || t.Limits.Trim
	t.Limits.Lower = r.Bool("lower") || t.Limits.Lower
}

func isText(t ir.Type) bool {
	return t.Kind == ir.String || t.Kind == ir.Text || t.Kind == ir.Email || t.Kind == ir.URL
}

// bound adds the bounds written beside a type to those it has.
func (m *module) bound(t *ir.Type, r *syntax.Reader) {
	m.applies(r, *t, isText(*t), "min_length", "max_length", "pattern")
	m.applies(r, *t, t.Kind == ir.List || t.Kind == ir.Set || t.Kind == ir.Map, "min_items", "max_items")
	m.applies(r, *t, t.Kind == ir.List, "unique")
	m.applies(r, *t, t.Kind == ir.Int || t.Kind == ir.Duration, "min", "max")
	l := &t.Limits
	l.Unique = r.Bool("unique") || l.Unique
	l.MinLength, l.MaxLength = m.narrow(r, "min_length", l.MinLength), m.narrow(r, "max_length", l.MaxLength)
	l.MinItems, l.MaxItems = m.narrow(r, "min_items", l.MinItems), m.narrow(r, "max_items", l.MaxItems)
	if t.Kind == ir.Duration {
		l.Min, l.Max = m.seconds(r, "min", l.Min), m.seconds(r, "max", l.Max)
	} else {
		l.Min, l.Max = m.narrow(r, "min", l.Min), m.narrow(r, "max", l.Max)
	}
	if p := r.Text("pattern"); p != "" {
		l.Pattern = p
		if _, err := regexp.Compile(p); err != nil {
			m.errorf(r.Node.Get("pattern").Pos, "bad-pattern", "the pattern is not RE2: %v", err)
		}
	}
	m.ordered(r, "min_length", "max_length", l.MinLength, l.MaxLength)
	m.ordered(r, "min_items", "max_items", l.MinItems, l.MaxItems)
	m.ordered(r, "min", "max", l.Min, l.Max)
}

// applies reports constraints that mean nothing for the type.
func (m *module) applies(r *syntax.Reader, t ir.Type, ok bool, keys ...string) {
	for _, key := range keys {
		if n := r.Node.Get(key); n != nil && !ok {
			m.errorf(n.Pos, "constraint-not-applicable", "%q means nothing for %s", key, expr.A(t))
		}
	}
}

func (m *module) narrow(r *syntax.Reader, key string, old *int64) *int64 {
	if n := r.Int(key); n != nil {
		return n
	}
	return old
}

func (m *module) seconds(r *syntax.Reader, key string, old *int64) *int64 {
	text := r.Text(key)
	if text == "" {
		return old
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		m.errorf(r.Node.Get(key).Pos, "bad-literal", "%q is not a duration", text).WithHint("write a duration such as 720h or 1h30m")
		return old
	}
	seconds := int64(d / time.Second)
	return &seconds
}

func (m *module) ordered(r *syntax.Reader, low, high string, least, most *int64) {
	if least != nil && most != nil && *least > *most {
		m.errorf(r.Node.Pos, "empty-range", "%s is more than %s: no value is allowed", low, high)
	}
}
