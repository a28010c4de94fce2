package expr

import (
	"fmt"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// TypeString writes a type as an author would.
func TypeString(t ir.Type) string {
	s := plainType(t)
	if t.Optional {
		s += "?"
	}
	return s
}

// A writes a type behind its article.
func A(t ir.Type) string {
	s := TypeString(t)
	if strings.ContainsRune("aeiouAEIO", rune(s[0])) && t.Kind != ir.UUID {
		return "an " + s
	}
	return "a " + s
}

func plainType(t ir.Type) string {
	if t.Def != nil {
		return t.Def.Name
	}
	switch t.Kind {
	case "":
		return "nothing"
	case ir.List:
		return "[" + TypeString(*t.Elem) + "]"
	case ir.Set:
		return "{" + TypeString(*t.Elem) + "}"
	case ir.Map:
		return "map[" + TypeString(*t.Key) + "]" + TypeString(*t.Elem)
	case ir.Ref:
		return "ref " + t.Module + "." + t.Aggregate
	case ir.Decimal:
		if t.Precision > 0 {
			return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
		}
	}
	return string(t.Kind)
}

// compatible reports whether a value of one type can stand where the other is
// meant, leaving absence aside. Constraints do not matter: they are checked on
// what comes in, not on what is computed.
func compatible(a, b ir.Type) bool {
	switch {
	case textual(a) && textual(b), uuidLike(a) && uuidLike(b):
		return a.Kind != ir.Ref || b.Kind != ir.Ref || (a.Module == b.Module && a.Aggregate == b.Aggregate)
	case a.Kind != b.Kind:
		return false
	case a.Kind == ir.Enum, a.Kind == ir.Struct:
		return a.Def == b.Def
	case a.Kind == ir.List, a.Kind == ir.Set:
		return compatible(*a.Elem, *b.Elem)
	case a.Kind == ir.Map:
		return compatible(*a.Key, *b.Key) && compatible(*a.Elem, *b.Elem)
	}
	return true
}

func textual(t ir.Type) bool {
	return t.Kind == ir.String || t.Kind == ir.Text || t.Kind == ir.Email || t.Kind == ir.URL
}

func uuidLike(t ir.Type) bool { return t.Kind == ir.UUID || t.Kind == ir.Ref }

// Numeric reports whether values of the type can be added up.
func Numeric(t ir.Type) bool {
	return t.Kind == ir.Int || t.Kind == ir.Decimal || t.Kind == ir.Money || t.Kind == ir.Duration
}

// Ordered reports whether one value of the type can be less than another.
func Ordered(t ir.Type) bool {
	return Numeric(t) && t.Kind != ir.Money || textual(t) || t.Kind == ir.Timestamp || t.Kind == ir.Date
}

// simple strips what belongs to a field rather than to a computed value.
func simple(kind ir.Kind) ir.Type { return ir.Type{Kind: kind} }
