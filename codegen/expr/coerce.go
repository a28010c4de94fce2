package expr

import (
	"fmt"
	"slices"

	"github.com/oksai/oksai/codegen/ir"
)

// coerce makes e a value of the wanted type: literals become what the place
// needs, other values must be of that type already (or of one of the kinds in
// also, with the same elements).
func (c *checker) coerce(e *ir.Expr, want ir.Type, also ...ir.Kind) bool {
	switch {
	case isNull(e):
		if !want.Optional {
			c.diags.Errorf(e.Pos, "null-not-optional", "null clears an optional value; %s is needed here", A(want))
			return false
		}
		e.Type = want
		return true
	case e.Op == ir.Literal:
		return c.coerceLiteral(e, want)
	case e.Op == ir.ListOf:
		return c.coerceList(e, want)
	case e.Op == ir.Cond && !compatible(e.Type, want):
		e.Type = bare(want)
		return c.coerce(e.Args[1], optional(want)) && c.coerce(e.Args[2], optional(want))
	}
	if slices.Contains(also, e.Type.Kind) {
		want.Kind = e.Type.Kind
	}
	if compatible(e.Type, want) {
		return true
	}
	c.mismatch(e, want)
	return false
}

func (c *checker) mismatch(e *ir.Expr, want ir.Type) {
	d := c.diags.Errorf(e.Pos, "type-mismatch", "this is %s, and %s is needed", A(bare(e.Type)), A(bare(want)))
	if textual(want) {
		d.WithHint("string(x) makes text of it")
	}
}

// coerceLiteral gives a string its meaning: 'pending' is an enum's value beside an enum.
func (c *checker) coerceLiteral(e *ir.Expr, want ir.Type) bool {
	if e.Type.Kind == want.Kind && want.Kind != ir.Enum {
		return true
	}
	text, isText := e.Value.(string)
	if e.Type.Kind == ir.Int && want.Kind == ir.Decimal {
		text, isText = fmt.Sprint(e.Value), true
	}
	if !isText || want.Kind == ir.Int || want.Kind == ir.Bool || e.Type.Kind == ir.Enum {
		c.mismatch(e, want)
		return false
	}
	value, ok := scalar(text, bare(want), e.Pos, c.diags)
	if ok {
		e.Value, e.Type = value, bare(want)
	}
	return ok
}

func (c *checker) coerceList(e *ir.Expr, want ir.Type) bool {
	if want.Kind != ir.List && want.Kind != ir.Set {
		c.mismatch(e, want)
		return false
	}
	for _, arg := range e.Args {
		if !c.coerce(arg, *want.Elem) {
			return false
		}
	}
	e.Type = bare(want)
	return true
}
