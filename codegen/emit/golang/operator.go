package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
)

// precedence is that of Go; what is not listed binds tightest.
var precedence = map[ir.Op]int{
	ir.Or: 1, ir.And: 2,
	ir.Eq: 3, ir.Ne: 3, ir.Lt: 3, ir.Le: 3, ir.Gt: 3, ir.Ge: 3, ir.Has: 3,
	ir.Add: 4, ir.Sub: 4, ir.Mul: 5, ir.Div: 5, ir.Mod: 5, ir.Not: 6, ir.Neg: 6,
}

// tightest is how calls, selectors and names bind.
const tightest = 7

func binding(e *ir.Expr) int {
	p, ok := precedence[e.Op]
	switch {
	case isDurationLiteral(e):
		return precedence[ir.Mul]
	case !ok:
		return tightest
	case !isMethod(e):
		return p
	case e.Op == ir.Ne || e.Op == ir.Le || e.Op == ir.Ge:
		return precedence[ir.Not]
	}
	return tightest
}

// isMethod tells whether Go has no operator for what e does, so that a method or function is called.
func isMethod(e *ir.Expr) bool {
	if len(e.Args) != 2 {
		return false
	}
	a, b := e.Args[0], e.Args[1]
	switch e.Op {
	case ir.Eq, ir.Ne:
		return !isNull(a) && !isNull(b) && !isComparable(a.Type)
	case ir.And, ir.Or, ir.In:
		return false
	}
	return a.Type.Kind == ir.Decimal || a.Type.Kind == ir.Money || isCollection(a.Type) || isInstant(a.Type) || isInstant(b.Type)
}

func isDurationLiteral(e *ir.Expr) bool {
	return e.Type.Kind == ir.Duration && (e.Op == ir.Literal || e.Op == ir.Call && e.Fn == "duration")
}

// operand prints arg for an operator, in parentheses where it binds less tightly.
func (x *exprs) operand(of, arg *ir.Expr) *jen.Statement {
	return parens(x.value(arg), binding(arg) < binding(of))
}

// right prints the right operand: of equal binding, it needs parentheses.
func (x *exprs) right(of, arg *ir.Expr) *jen.Statement {
	return parens(x.value(arg), binding(arg) <= binding(of))
}

func parens(code *jen.Statement, needed bool) *jen.Statement {
	if needed {
		return jen.Parens(code)
	}
	return code
}

// receiver prints e so that a method can be called on it; Go dereferences by itself.
func (x *exprs) receiver(e *ir.Expr) *jen.Statement {
	if x.field(e) != nil && x.isOptional(e) && !x.roots[e.Path[0]].row {
		return x.reach(e)
	}
	return parens(x.value(e), binding(e) < tightest || e.Op == ir.Variable && x.isOptional(e))
}

// logic prints && and ||; the right side knows what the left one has told.
func (x *exprs) logic(e *ir.Expr) *jen.Statement {
	told := whenTrue(e.Args[0])
	if e.Op == ir.Or {
		told = whenFalse(e.Args[0])
	}
	left := x.side(e, e.Args[0])
	return left.Op(string(e.Op)).Add(x.with(told).side(e, e.Args[1]))
}

func (x *exprs) side(of, e *ir.Expr) *jen.Statement {
	code, bound := x.test(e)
	return parens(code, bound < binding(of))
}

// condition prints e for an if: it holds only if all that it is about is there.
func (x *exprs) condition(e *ir.Expr) *jen.Statement {
	code, _ := x.test(e)
	return code
}

// test prints a condition and tells how tightly it binds. With an absent side a
// comparison is false, and so != is true.
func (x *exprs) test(e *ir.Expr) (*jen.Statement, int) {
	inner, needs := x.apart()
	code, bound := inner.value(e), binding(e)
	if e.Op == ir.Not {
		code, bound = inner.negation(e.Args[0])
	}
	switch {
	case len(*needs) == 0:
		return code, bound
	case e.Op == ir.Ne:
		return anyAbsent(*needs).Op("||").Add(code), precedence[ir.Or]
	}
	return allPresent(*needs).Op("&&").Add(parens(code, bound < precedence[ir.And])), precedence[ir.And]
}

func anyAbsent(needs []need) *jen.Statement { return joinNeeds(needs, "==", "||") }

func allPresent(needs []need) *jen.Statement { return joinNeeds(needs, "!=", "&&") }

func joinNeeds(needs []need, compare, join string) *jen.Statement {
	code := jen.Null()
	for i, n := range needs {
		if i > 0 {
			code.Op(join)
		}
		code.Add(n.code.Clone()).Op(compare).Nil()
	}
	return code
}

var opposite = map[ir.Op]ir.Op{
	ir.Eq: ir.Ne, ir.Ne: ir.Eq, ir.Lt: ir.Ge, ir.Ge: ir.Lt, ir.Gt: ir.Le, ir.Le: ir.Gt,
}

// negation prints !e as a person would: a != b, not !(a == b).
func (x *exprs) negation(e *ir.Expr) (*jen.Statement, int) {
	if op, ok := opposite[e.Op]; ok && x.canFlip(e) {
		flipped := *e
		flipped.Op = op
		return x.test(&flipped)
	}
	switch e.Op {
	case ir.Not:
		return x.test(e.Args[0])
	case ir.Has:
		return x.reach(e.Args[0]).Op("==").Nil(), precedence[ir.Eq]
	case ir.And:
		return x.deMorgan(e, ir.Or, whenTrue(e.Args[0]))
	case ir.Or:
		return x.deMorgan(e, ir.And, whenFalse(e.Args[0]))
	}
	code, bound := x.test(e)
	return jen.Op("!").Add(parens(code, bound < precedence[ir.Not])), precedence[ir.Not]
}

// deMorgan prints !(a && b) as !a || !b, and the other way round.
func (x *exprs) deMorgan(e *ir.Expr, op ir.Op, told presence) (*jen.Statement, int) {
	left, leftBound := x.negation(e.Args[0])
	right, rightBound := x.with(told).negation(e.Args[1])
	bound := precedence[op]
	return parens(left, leftBound < bound).Op(string(op)).Add(parens(right, rightBound < bound)), bound
}

// canFlip tells whether !(a < b) is a >= b: not if one of them may be absent, for both are false then.
func (x *exprs) canFlip(e *ir.Expr) bool {
	inner, needs := x.apart()
	inner.value(e)
	return len(*needs) == 0 || e.Op == ir.Eq || e.Op == ir.Ne
}

// comparison prints ==, !=, <, <=, > and >= for any type that has them.
func (x *exprs) comparison(e *ir.Expr) *jen.Statement {
	a, b := e.Args[0], e.Args[1]
	switch {
	case isNull(b):
		return x.reach(a).Op(string(e.Op)).Nil()
	case isNull(a):
		return x.reach(b).Op(string(e.Op)).Nil()
	case e.Op == ir.Eq || e.Op == ir.Ne:
		return x.equality(e)
	}
	switch a.Type.Kind {
	case ir.Timestamp, ir.Date:
		return x.ordered(e, "Before", "After")
	case ir.Decimal:
		return x.ordered(e, "LessThan", "GreaterThan")
	}
	return x.size(a, b).Op(string(e.Op)).Add(x.size(b, a))
}

// size prints an operand of a comparison. Against a literal, a size stays the
// untyped len() that Go readers expect.
func (x *exprs) size(e, against *ir.Expr) *jen.Statement {
	if e.Op == ir.Call && e.Fn == "size" && against.Op == ir.Literal {
		return x.length(e.Args[0])
	}
	return parens(x.value(e), binding(e) <= precedence[ir.Eq])
}

// ordered prints a < b as a.Before(b) and a <= b as !a.After(b).
func (x *exprs) ordered(e *ir.Expr, less, more string) *jen.Statement {
	call := func(method string) *jen.Statement {
		return x.receiver(e.Args[0]).Dot(method).Call(x.value(e.Args[1]))
	}
	switch e.Op {
	case ir.Lt:
		return call(less)
	case ir.Gt:
		return call(more)
	case ir.Le:
		return jen.Op("!").Add(call(more))
	}
	return jen.Op("!").Add(call(less))
}

func (x *exprs) equality(e *ir.Expr) *jen.Statement {
	a, b := e.Args[0], e.Args[1]
	t := a.Type
	if x.isHeldByPointer(a) && x.isHeldByPointer(b) {
		return x.bothOptional(e)
	}
	if isComparable(t) || isCollection(t) && len(b.Args) == 0 && b.Op == ir.ListOf {
		return x.plainEquality(e, t)
	}
	equal := jen.Null()
	if e.Op == ir.Ne {
		equal = jen.Op("!")
	}
	switch t.Kind {
	case ir.List:
		return equal.Add(x.g.listEqual(*t.Elem, x.value(a), x.value(b)))
	case ir.Set:
		return equal.Add(snip.Codec("SameSet").Call(x.value(a), x.value(b)))
	case ir.Map:
		return equal.Add(x.g.mapEqual(*t.Elem, x.value(a), x.value(b)))
	case ir.JSON:
		x.g.fail(e.Pos, "json values cannot be compared")
	}
	return equal.Add(x.receiver(a).Dot("Equal").Call(x.value(b)))
}

// bothOptional prints the equality of two optionals: both absent, or both there and the same.
func (x *exprs) bothOptional(e *ir.Expr) *jen.Statement {
	a, b := e.Args[0], e.Args[1]
	same := snip.Codec("Same").Call(x.reach(a), x.reach(b), x.g.equalFunc(required(a.Type)))
	if e.Op == ir.Ne {
		return jen.Op("!").Add(same)
	}
	return same
}

// plainEquality prints a == b; a literal of a struct would need parentheses, but no spec can write one there.
func (x *exprs) plainEquality(e *ir.Expr, t ir.Type) *jen.Statement {
	if isCollection(t) {
		return jen.Len(x.value(e.Args[0])).Op(string(e.Op)).Lit(0)
	}
	return x.size(e.Args[0], e.Args[1]).Op(string(e.Op)).Add(x.size(e.Args[1], e.Args[0]))
}

// arithmetic prints + - * / % for numbers, texts, lists, times and durations.
func (x *exprs) arithmetic(e *ir.Expr) *jen.Statement {
	a, b := e.Args[0], e.Args[1]
	switch {
	case a.Type.Kind == ir.Decimal || a.Type.Kind == ir.Money:
		return x.receiver(a).Dot(methods[e.Op]).Call(x.value(b))
	case a.Type.Kind == ir.Duration && b.Type.Kind == ir.Int && b.Op != ir.Literal:
		return x.operand(e, a).Op(string(e.Op)).Add(snip.Duration()).Call(x.value(b))
	case e.Op == ir.Add && e.Type.Kind == ir.Set:
		return snip.Codec("Union").Call(x.value(a), x.value(b))
	case e.Op == ir.Add && e.Type.Kind == ir.List:
		return snip.SlicesConcat().Call(x.value(a), x.value(b))
	case e.Op == ir.Add && isInstant(a.Type):
		return x.receiver(a).Dot("Add").Call(x.value(b))
	case e.Op == ir.Add && isInstant(b.Type):
		return x.receiver(b).Dot("Add").Call(x.value(a))
	case e.Op == ir.Sub && isInstant(a.Type) && isInstant(b.Type):
		return x.receiver(a).Dot("Sub").Call(x.value(b))
	case e.Op == ir.Sub && isInstant(a.Type):
		return x.receiver(a).Dot("Add").Call(jen.Op("-").Add(parens(x.value(b), binding(b) < tightest)))
	}
	return x.operand(e, a).Op(string(e.Op)).Add(x.right(e, b))
}

// methods are what decimals and money have instead of operators.
var methods = map[ir.Op]string{ir.Add: "Add", ir.Sub: "Sub", ir.Mul: "Mul", ir.Div: "Div", ir.Mod: "Mod"}

func isInstant(t ir.Type) bool { return t.Kind == ir.Timestamp || t.Kind == ir.Date }
