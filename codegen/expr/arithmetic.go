package expr

import (
	"cel.dev/cel-go/common/ast"

	"github.com/oksai/oksai/codegen/ir"
)

// arithmetic returns the type of left op right.
func (c *checker) arithmetic(n ast.Expr, op ir.Op, left, right *ir.Expr) (ir.Type, bool) {
	c.widen(left, right)
	l, r := left.Type, right.Type
	switch {
	case op == ir.Add && (l.Kind == ir.List || l.Kind == ir.Set):
		t := bare(l)
		if !c.coerce(right, ir.Type{Kind: ir.List, Elem: l.Elem}, ir.Set) {
			return ir.Type{}, false
		}
		return t, true
	case op == ir.Add && textual(l) && textual(r):
		return simple(ir.String), true
	case op == ir.Sub && l.Kind == ir.Timestamp && r.Kind == ir.Timestamp:
		return simple(ir.Duration), true
	case (op == ir.Add || op == ir.Sub) && l.Kind == ir.Timestamp && r.Kind == ir.Duration:
		return simple(ir.Timestamp), true
	case (op == ir.Add || op == ir.Sub) && l.Kind == r.Kind && Numeric(l):
		return simple(l.Kind), true
	case (op == ir.Mul || op == ir.Div) && l.Kind == r.Kind && (l.Kind == ir.Int || l.Kind == ir.Decimal):
		return simple(l.Kind), true
	case (op == ir.Mul || op == ir.Div) && (l.Kind == ir.Duration || l.Kind == ir.Money) && r.Kind == ir.Int:
		return simple(l.Kind), true
	case op == ir.Mod && l.Kind == ir.Int && r.Kind == ir.Int:
		return simple(ir.Int), true
	}
	c.errorf(n, "type-mismatch", "%s %s %s has no meaning", TypeString(bare(l)), op, TypeString(bare(r)))
	return ir.Type{}, false
}

// widen makes an integer literal a decimal beside a decimal.
func (c *checker) widen(a, b *ir.Expr) {
	for _, pair := range [][2]*ir.Expr{{a, b}, {b, a}} {
		if pair[0].Op == ir.Literal && pair[0].Type.Kind == ir.Int && pair[1].Type.Kind == ir.Decimal {
			c.coerce(pair[0], simple(ir.Decimal))
		}
	}
}
