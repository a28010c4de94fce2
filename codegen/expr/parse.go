package expr

import (
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/parser"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// Source is the text of an expression and where it begins.
type Source struct {
	Text string
	Pos  diag.Pos
}

// Infer reads an expression of any type. It returns nil after reporting an error.
func Infer(src Source, scope Scope, diags *diag.List) *ir.Expr {
	c, root := parse(src, scope, diags)
	if root == nil {
		return nil
	}
	return c.finish(c.check(root))
}

// Printed reads an expression as a text.
func Printed(src Source, scope Scope, diags *diag.List) *ir.Expr {
	value := Infer(src, scope, diags)
	if value == nil {
		return nil
	}
	if !printable(value.Type) {
		diags.Errorf(src.Pos, "type-mismatch", "%s has no form as a text", A(value.Type))
		return nil
	}
	text := &ir.Expr{Op: ir.Call, Fn: "string", Type: simple(ir.String), Args: []*ir.Expr{value}, Pos: value.Pos}
	text.Type.Optional = scope.absent(value)
	Required(text, simple(ir.String), scope, diags)
	return text
}

// Condition reads an expression that is true or false.
func Condition(src Source, scope Scope, diags *diag.List) *ir.Expr {
	return As(src, simple(ir.Bool), scope, diags)
}

// As reads an expression for a place of a type. The value may be absent even
// if the type is not optional; As leaves that to Required.
func As(src Source, want ir.Type, scope Scope, diags *diag.List) *ir.Expr {
	c, root := parse(src, scope, diags)
	if root == nil {
		return nil
	}
	e := c.check(root)
	if e == nil || !c.coerce(e, want) {
		return nil
	}
	return c.finish(e)
}

// Required reports an expression that may be absent where a value is needed.
func Required(e *ir.Expr, want ir.Type, scope Scope, diags *diag.List) {
	if e == nil || want.Optional || !scope.absent(e) {
		return
	}
	diags.Errorf(e.Pos, "optional-value", "this may be absent, and %s is needed", A(want)).
		WithHint("guard it: has(x) ? x : …, or a condition with has(x)")
}

// finish keeps the text on the root, for messages and documents.
func (c *checker) finish(e *ir.Expr) *ir.Expr {
	if e != nil {
		e.Source = c.src.Text
	}
	return e
}

func parse(src Source, scope Scope, diags *diag.List, options ...parser.Option) (*checker, ast.Expr) {
	c := &checker{src: src, scope: scope, diags: diags}
	p, err := parser.NewParser(append(options, parser.Macros(parser.HasMacro), parser.MaxRecursionDepth(64))...)
	if err != nil {
		panic("expr: the CEL parser refuses its own options: " + err.Error())
	}
	parsed, errs := p.Parse(common.NewStringSource(src.Text, src.Pos.File))
	if list := errs.GetErrors(); len(list) > 0 {
		c.diags.Errorf(c.at(list[0].Location), "bad-expression", "this is not an expression: %s", complaint(list[0].Message)).
			WithHint("expressions are CEL, e.g. state.status == 'open'")
		return c, nil
	}
	c.info = parsed.SourceInfo()
	return c, parsed.Expr()
}

// complaint is the parser's message without its list of everything that could follow.
func complaint(message string) string {
	message, _, _ = strings.Cut(strings.TrimPrefix(message, "Syntax error: "), " expecting ")
	if strings.Contains(message, "<EOF>") {
		return "it ends too early"
	}
	return message
}

// at maps a place in the expression to the file. Folded text spans lines that
// the file indents, so only its first line is exact.
func (c *checker) at(l common.Location) diag.Pos {
	pos := c.src.Pos
	if l.Line() <= 1 {
		pos.Col += max(l.Column(), 0)
	} else {
		pos.Line += l.Line() - 1
	}
	return pos
}

func (c *checker) pos(n ast.Expr) diag.Pos { return c.at(c.info.GetStartLocation(n.ID())) }
