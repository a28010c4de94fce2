package expr

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/oksai/oksai/codegen/ir"
)

// binary maps CEL's operator functions to ours.
func binary(fn string) (ir.Op, bool) {
	op, ok := map[string]ir.Op{
		operators.Equals: ir.Eq, operators.NotEquals: ir.Ne,
		operators.Less: ir.Lt, operators.LessEquals: ir.Le, operators.Greater: ir.Gt, operators.GreaterEquals: ir.Ge,
		operators.LogicalAnd: ir.And, operators.LogicalOr: ir.Or, operators.In: ir.In,
		operators.Add: ir.Add, operators.Subtract: ir.Sub, operators.Multiply: ir.Mul, operators.Divide: ir.Div, operators.Modulo: ir.Mod,
	}[fn]
	return op, ok
}

func (c *checker) call(n ast.Expr) *ir.Expr {
	call := n.AsCall()
	if op, ok := binary(call.FunctionName()); ok {
		return c.binary(n, op, call.Args())
	}
	switch call.FunctionName() {
	case operators.LogicalNot:
		return c.unary(n, ir.Not, call.Args()[0])
	case operators.Negate:
		return c.unary(n, ir.Neg, call.Args()[0])
	case operators.Conditional:
		return c.conditional(n, call.Args())
	case operators.Index:
		c.errorf(n, "bad-expression", "indexing is not part of the language").WithHint("use `in`, or a handwritten rule")
		return nil
	}
	return c.function(n)
}

func (c *checker) unary(n ast.Expr, op ir.Op, operand ast.Expr) *ir.Expr {
	arg := c.check(operand)
	if arg == nil {
		return nil
	}
	if op == ir.Not {
		if !c.coerce(arg, simple(ir.Bool)) {
			return nil
		}
	} else if !Numeric(arg.Type) {
		c.errorf(n, "type-mismatch", "%s cannot be negated", A(arg.Type))
		return nil
	}
	t := bare(arg.Type)
	t.Optional = op == ir.Neg && c.scope.absent(arg)
	return &ir.Expr{Op: op, Type: t, Args: []*ir.Expr{arg}, Pos: c.pos(n)}
}

func (c *checker) binary(n ast.Expr, op ir.Op, operands []ast.Expr) *ir.Expr {
	left := c.check(operands[0])
	right := c.right(op, left, operands[1])
	if left == nil || right == nil {
		return nil
	}
	e := &ir.Expr{Op: op, Type: simple(ir.Bool), Args: []*ir.Expr{left, right}, Pos: c.pos(n)}
	ok := false
	switch op {
	case ir.And, ir.Or:
		ok = c.coerce(left, simple(ir.Bool)) && c.coerce(right, simple(ir.Bool))
	case ir.In:
		ok = c.in(n, left, right)
	case ir.Eq, ir.Ne, ir.Lt, ir.Le, ir.Gt, ir.Ge:
		ok = c.comparison(n, op, left, right)
	default:
		e.Type, ok = c.arithmetic(n, op, left, right)
		e.Type.Optional = c.scope.absent(left) || c.scope.absent(right)
	}
	if !ok {
		return nil
	}
	return e
}

// right checks a second operand, knowing what the first one proves.
func (c *checker) right(op ir.Op, left *ir.Expr, operand ast.Expr) *ir.Expr {
	inner := *c
	switch op {
	case ir.And:
		inner.scope = c.scope.proving(proofs(left, true))
	case ir.Or:
		inner.scope = c.scope.proving(proofs(left, false))
	}
	return inner.check(operand)
}

func (c *checker) in(n ast.Expr, left, right *ir.Expr) bool {
	switch {
	case right.Op == ir.ListOf:
		elem := bare(left.Type)
		return c.coerce(right, ir.Type{Kind: ir.List, Elem: &elem})
	case right.Type.Kind == ir.List, right.Type.Kind == ir.Set:
		return c.coerce(left, *right.Type.Elem)
	case right.Type.Kind == ir.Map:
		return c.coerce(left, *right.Type.Key)
	}
	c.errorf(n, "type-mismatch", "`in` needs a list, a set or a map on its right, not %s", A(right.Type))
	return false
}

func (c *checker) comparison(n ast.Expr, op ir.Op, left, right *ir.Expr) bool {
	if isNull(left) || isNull(right) {
		c.errorf(n, "compare-null", "nothing is compared with null").WithHint("write has(x) or !has(x)")
		return false
	}
	if left.Op == ir.Literal && right.Op != ir.Literal {
		if !c.coerce(left, bare(right.Type)) {
			return false
		}
	} else if !c.coerce(right, bare(left.Type)) {
		return false
	}
	if left.Type.Kind == ir.JSON {
		c.errorf(n, "type-mismatch", "json values are not compared: the same value can be written in many ways")
		return false
	}
	if op == ir.Eq || op == ir.Ne || Ordered(left.Type) {
		return true
	}
	d := c.errorf(n, "type-mismatch", "values of %s have no order", TypeString(bare(left.Type)))
	if left.Type.Kind == ir.Enum {
		d.WithHint("compare rank(x) %s rank(y)", op)
	}
	return false
}

func isNull(e *ir.Expr) bool { return e.Op == ir.Literal && e.Value == nil }

// conditional checks a ? b : c; each branch knows what the condition proves.
func (c *checker) conditional(n ast.Expr, args []ast.Expr) *ir.Expr {
	cond := c.check(args[0])
	if cond == nil || !c.coerce(cond, simple(ir.Bool)) {
		return nil
	}
	yes, no := *c, *c
	yes.scope = c.scope.proving(proofs(cond, true))
	no.scope = c.scope.proving(proofs(cond, false))
	a, b := yes.check(args[1]), no.check(args[2])
	if a == nil || b == nil {
		return nil
	}
	if a.Op == ir.Literal {
		if !c.coerce(a, optional(b.Type)) {
			return nil
		}
	} else if !c.coerce(b, optional(a.Type)) {
		return nil
	}
	t := bare(a.Type)
	t.Optional = yes.scope.absent(a) || no.scope.absent(b)
	return &ir.Expr{Op: ir.Cond, Type: t, Args: []*ir.Expr{cond, a, b}, Pos: c.pos(n)}
}

func optional(t ir.Type) ir.Type {
	t.Optional = true
	return t
}
