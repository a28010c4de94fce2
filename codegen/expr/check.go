package expr

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// checker resolves one expression. Its methods return nil after reporting an error.
type checker struct {
	src   Source
	info  *ast.SourceInfo
	scope Scope
	diags *diag.List
}

func (c *checker) check(n ast.Expr) *ir.Expr {
	switch n.Kind() {
	case ast.LiteralKind:
		return c.literal(n)
	case ast.ListKind:
		return c.list(n)
	case ast.IdentKind:
		return c.variable(n)
	case ast.SelectKind:
		if n.AsSelect().IsTestOnly() {
			return c.has(n)
		}
		return c.variable(n)
	case ast.CallKind:
		return c.call(n)
	}
	c.errorf(n, "bad-expression", "maps, structs and comprehensions are not part of the language").
		WithHint("write a rule: handwritten, where Go says it better")
	return nil
}

func (c *checker) errorf(n ast.Expr, code, format string, args ...any) *diag.Diagnostic {
	return c.diags.Errorf(c.pos(n), code, format, args...)
}

func (c *checker) literal(n ast.Expr) *ir.Expr {
	e := &ir.Expr{Op: ir.Literal, Pos: c.pos(n)}
	switch v := n.AsLiteral().(type) {
	case types.Int:
		e.Type, e.Value = simple(ir.Int), int64(v)
	case types.String:
		e.Type, e.Value = simple(ir.String), string(v)
	case types.Bool:
		e.Type, e.Value = simple(ir.Bool), bool(v)
	case types.Double:
		e.Type, e.Value = simple(ir.Decimal), fmt.Sprint(float64(v))
	case types.Null:
		e.Type = ir.Type{Optional: true}
	default:
		c.errorf(n, "bad-expression", "a literal of this kind is not part of the language")
		return nil
	}
	return e
}

func (c *checker) list(n ast.Expr) *ir.Expr {
	e := &ir.Expr{Op: ir.ListOf, Pos: c.pos(n), Type: ir.Type{Kind: ir.List, Elem: &ir.Type{}}}
	for i, item := range n.AsList().Elements() {
		arg := c.check(item)
		if arg == nil {
			return nil
		}
		if i == 0 {
			elem := bare(arg.Type)
			e.Type.Elem = &elem
		} else if !c.coerce(arg, *e.Type.Elem) {
			return nil
		}
		e.Args = append(e.Args, arg)
	}
	return e
}

// bare is the type of a value without what its field says about it.
func bare(t ir.Type) ir.Type {
	t.Optional, t.PII = false, false
	return t
}

func (c *checker) has(n ast.Expr) *ir.Expr {
	v := c.variable(n)
	if v == nil {
		return nil
	}
	if !v.Type.Optional {
		c.errorf(n, "has-not-optional", "%s is always there; has() is for optional fields", strings.Join(v.Path, ".")).
			WithHint("remove the has(), or declare the field with a ? behind its type")
		return nil
	}
	return &ir.Expr{Op: ir.Has, Type: simple(ir.Bool), Args: []*ir.Expr{v}, Pos: v.Pos}
}

// variable resolves a path such as state.settings.locale.
func (c *checker) variable(n ast.Expr) *ir.Expr {
	path, nodes := flatten(n)
	if path == nil {
		c.errorf(n, "bad-expression", "a field can only be taken from a name, as in state.title")
		return nil
	}
	if optional := c.scope.optional(); optional != nil && len(path) == 1 && path[0] == exists {
		there := &ir.Expr{Op: ir.Variable, Path: []string{optional.Name}, Pos: c.pos(nodes[0])}
		return &ir.Expr{Op: ir.Has, Type: simple(ir.Bool), Args: []*ir.Expr{there}, Pos: there.Pos}
	}
	root := c.scope.root(path[0])
	if root == nil {
		c.errorf(nodes[0], "unknown-name", "%q is not known here", path[0]).Suggest(path[0], c.scope.names())
		return nil
	}
	e := &ir.Expr{Op: ir.Variable, Path: path, Pos: c.pos(nodes[0])}
	if root.Type != nil {
		e.Type = *root.Type
	}
	e.Type.Optional = root.Optional
	fields := root.Fields
	for i, name := range path[1:] {
		f := ir.FieldNamed(fields, name)
		if f == nil {
			c.unknownField(nodes[i+1], path[:i+1], name, fields)
			return nil
		}
		optional := e.Type.Optional
		e.Type = f.Type
		e.Type.Optional = e.Type.Optional || optional
		fields = nil
		if f.Type.Kind == ir.Struct {
			fields = f.Type.Def.Fields
		}
	}
	if e.Type.Kind == "" {
		c.errorf(n, "bad-expression", "%q is not a value by itself", path[0]).WithHint("name one of its fields: %s", strings.Join(ir.FieldNames(fields), ", "))
		return nil
	}
	return e
}

func (c *checker) unknownField(n ast.Expr, path []string, name string, fields []*ir.Field) {
	pos := c.pos(n)
	pos.Col++ // a selection stands at its dot
	c.diags.Errorf(pos, "unknown-field", "%s has no field %q", strings.Join(path, "."), name).Suggest(name, ir.FieldNames(fields))
}

// flatten splits a chain of selections into names and their nodes; nil if it does not start at a name.
func flatten(n ast.Expr) ([]string, []ast.Expr) {
	switch n.Kind() {
	case ast.IdentKind:
		return []string{n.AsIdent()}, []ast.Expr{n}
	case ast.SelectKind:
		path, nodes := flatten(n.AsSelect().Operand())
		if path == nil {
			return nil, nil
		}
		return append(path, n.AsSelect().FieldName()), append(nodes, n)
	}
	return nil, nil
}
