package expr

import (
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/oksai/oksai/codegen/ir"
)

// Function is a function of the language.
type Function struct {
	Name string
	Doc  string
	args int
	// result types a call, or returns false when the arguments do not fit.
	result func(args []*ir.Expr) (ir.Type, bool)
}

// Functions lists the language's functions. f(x, y) and x.f(y) are the same.
func Functions() []Function {
	return []Function{
		{"size", "items of a list, set or map; characters of a text", 1, to(ir.Int, sized)},
		{"millis", "a duration in whole milliseconds", 1, to(ir.Int, kinds(ir.Duration))},
		{"date", "the UTC day of a timestamp", 1, to(ir.Date, kinds(ir.Timestamp))},
		{"duration", "a duration from a literal such as '720h'", 1, nil},
		{"timestamp", "a timestamp from a literal in RFC 3339", 1, nil},
		{"lower", "a text in lower case", 1, to(ir.String, textual)},
		{"upper", "a text in upper case", 1, to(ir.String, textual)},
		{"trim", "a text without space around it", 1, to(ir.String, textual)},
		{"startsWith", "whether a text begins with another", 2, to(ir.Bool, textual)},
		{"endsWith", "whether a text ends with another", 2, to(ir.Bool, textual)},
		{"contains", "whether a text contains another", 2, to(ir.Bool, textual)},
		{"matches", "whether a text matches an RE2 pattern", 2, to(ir.Bool, textual)},
		{"min", "the lesser of two values", 2, same},
		{"max", "the greater of two values", 2, same},
		{"rank", "an enum value's place in its enum, from 0", 1, to(ir.Int, kinds(ir.Enum))},
		{"string", "a value as text", 1, to(ir.String, printable)},
		{"int", "a decimal cut to a whole number", 1, to(ir.Int, kinds(ir.Int, ir.Decimal))},
	}
}

func to(kind ir.Kind, accepts func(ir.Type) bool) func([]*ir.Expr) (ir.Type, bool) {
	return func(args []*ir.Expr) (ir.Type, bool) {
		for _, a := range args {
			if !accepts(a.Type) {
				return ir.Type{}, false
			}
		}
		return simple(kind), true
	}
}

func kinds(accepted ...ir.Kind) func(ir.Type) bool {
	return func(t ir.Type) bool {
		for _, k := range accepted {
			if t.Kind == k {
				return true
			}
		}
		return false
	}
}

func sized(t ir.Type) bool {
	return textual(t) || t.Kind == ir.List || t.Kind == ir.Set || t.Kind == ir.Map
}

func printable(t ir.Type) bool {
	return textual(t) || uuidLike(t) || kinds(ir.Int, ir.Decimal, ir.Bool, ir.Enum, ir.Date, ir.Timestamp)(t)
}

func same(args []*ir.Expr) (ir.Type, bool) {
	return bare(args[0].Type), Ordered(args[0].Type) && compatible(args[0].Type, args[1].Type)
}

func (c *checker) function(n ast.Expr) *ir.Expr {
	call := n.AsCall()
	nodes := call.Args()
	if call.IsMemberFunction() {
		nodes = append([]ast.Expr{call.Target()}, nodes...)
	}
	fn, names := lookup(call.FunctionName())
	if fn == nil && len(nodes) != 1 || fn == nil && !call.IsMemberFunction() {
		c.errorf(n, "unknown-function", "there is no function %s()", call.FunctionName()).Suggest(call.FunctionName(), names)
		return nil
	}
	var args []*ir.Expr
	for _, node := range nodes {
		arg := c.check(node)
		if arg == nil {
			return nil
		}
		args = append(args, arg)
	}
	if fn == nil {
		return c.attribute(n, call.FunctionName(), args, names)
	}
	return c.apply(n, fn, args)
}

func lookup(name string) (*Function, []string) {
	var names []string
	for _, f := range Functions() {
		if f.Name == name {
			return &f, nil
		}
		names = append(names, f.Name)
	}
	return nil, names
}

func (c *checker) apply(n ast.Expr, fn *Function, args []*ir.Expr) *ir.Expr {
	if len(args) != fn.args {
		c.errorf(n, "type-mismatch", "%s() takes %d value(s), not %d", fn.Name, fn.args, len(args)).WithHint("it is %s", fn.Doc)
		return nil
	}
	if fn.result == nil {
		return c.constant(n, fn, args[0])
	}
	if fn.args == 2 {
		c.widen(args[0], args[1])
	}
	t, ok := fn.result(args)
	if !ok {
		var got []string
		for _, a := range args {
			got = append(got, TypeString(bare(a.Type)))
		}
		c.errorf(n, "type-mismatch", "%s(%s) has no meaning", fn.Name, strings.Join(got, ", ")).WithHint("it is %s", fn.Doc)
		return nil
	}
	for _, a := range args {
		t.Optional = t.Optional || c.scope.absent(a)
	}
	return &ir.Expr{Op: ir.Call, Fn: fn.Name, Type: t, Args: args, Pos: c.pos(n)}
}

// constant folds duration('720h') and timestamp('…') to a literal.
func (c *checker) constant(n ast.Expr, fn *Function, arg *ir.Expr) *ir.Expr {
	if arg.Op != ir.Literal || arg.Type.Kind != ir.String {
		c.errorf(n, "type-mismatch", "%s() takes a literal text", fn.Name).WithHint("it is %s", fn.Doc)
		return nil
	}
	if !c.coerce(arg, simple(ir.Kind(fn.Name))) {
		return nil
	}
	return arg
}

// attribute is a constant that each value of an enum carries, as in facts.plan.max_users().
func (c *checker) attribute(n ast.Expr, name string, args []*ir.Expr, functions []string) *ir.Expr {
	if args[0].Type.Kind != ir.Enum {
		c.errorf(n, "unknown-function", "there is no function %s()", name).Suggest(name, functions)
		return nil
	}
	def := args[0].Type.Def
	f := ir.FieldNamed(def.Attributes, name)
	if f == nil {
		c.errorf(n, "unknown-attribute", "%s has no attribute %q", def.Name, name).Suggest(name, ir.FieldNames(def.Attributes))
		return nil
	}
	t := f.Type
	t.Optional = t.Optional || c.scope.absent(args[0])
	return &ir.Expr{Op: ir.Call, Fn: name, Type: t, Args: args, Pos: c.pos(n)}
}
