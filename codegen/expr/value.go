package expr

import (
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// Value reads a node where a value is expected: =… is an expression, anything
// else a literal of the wanted type. It returns nil after reporting an error.
func Value(n *syntax.Node, want ir.Type, scope Scope, diags *diag.List) *ir.Expr {
	if src, ok := Formula(n); ok {
		return As(src, want, scope, diags)
	}
	return Literal(n, want, diags)
}

// Formula returns the text behind a leading =, and whether there is one.
func Formula(n *syntax.Node) (Source, bool) {
	if n.Kind != syntax.Scalar || !strings.HasPrefix(n.Text, "=") {
		return Source{}, false
	}
	pos := n.TextPos
	pos.Col++
	return Source{Text: n.Text[1:], Pos: pos}, true
}

// Literal reads a node as a constant of the wanted type.
func Literal(n *syntax.Node, want ir.Type, diags *diag.List) *ir.Expr {
	e := &ir.Expr{Op: ir.Literal, Type: want, Pos: n.TextPos}
	switch {
	case n.Kind == syntax.Null:
		if !want.Optional {
			diags.Errorf(n.Pos, "null-not-optional", "null clears an optional value; %s is needed here", A(want))
			return nil
		}
		return e
	case want.Kind == ir.List || want.Kind == ir.Set:
		return literalList(n, want, diags)
	case want.Kind == ir.Struct:
		return literalStruct(n, want, want.Def.Fields, diags)
	case want.Kind == ir.Money:
		return literalStruct(n, want, moneyFields(), diags)
	case want.Kind == ir.Map && n.Kind == syntax.Mapping && len(n.Entries) == 0:
		return &ir.Expr{Op: ir.ListOf, Type: bare(want), Pos: n.Pos}
	case n.Kind != syntax.Scalar || want.Kind == ir.Map:
		diags.Errorf(n.Pos, "bad-literal", "%s is not %s", n.Kind, A(want))
		return nil
	}
	if _, formula := Formula(n); formula {
		diags.Errorf(n.Pos, "bad-literal", "an expression cannot stand here").WithHint("write the value itself, without the =")
		return nil
	}
	value, ok := scalar(n.Text, want, n.TextPos, diags)
	if !ok {
		return nil
	}
	e.Type, e.Value = bare(want), value
	return e
}

func literalList(n *syntax.Node, want ir.Type, diags *diag.List) *ir.Expr {
	e := &ir.Expr{Op: ir.ListOf, Type: bare(want), Pos: n.Pos}
	if n.Kind != syntax.Sequence {
		diags.Errorf(n.Pos, "bad-literal", "%s is not %s", n.Kind, A(want)).WithHint("write its items between [ and ]")
		return nil
	}
	for _, item := range n.Items {
		arg := Literal(item, *want.Elem, diags)
		if arg == nil {
			return nil
		}
		e.Args = append(e.Args, arg)
	}
	return e
}

func literalStruct(n *syntax.Node, want ir.Type, fields []*ir.Field, diags *diag.List) *ir.Expr {
	before := len(*diags)
	e := &ir.Expr{Op: ir.StructOf, Type: bare(want), Pos: n.Pos}
	r := syntax.Read(n, grammar.Fields.Called("a "+TypeString(bare(want))), diags)
	for _, f := range fields {
		e.Args = append(e.Args, structField(r, n, f, want, diags))
	}
	r.Done()
	if len(*diags) > before {
		return nil
	}
	return e
}

// structField is one field of a literal: what is written, or its default, or nothing if it is optional.
func structField(r *syntax.Reader, n *syntax.Node, f *ir.Field, want ir.Type, diags *diag.List) *ir.Expr {
	value := r.Get(f.Name)
	switch {
	case value != nil:
		return Literal(value, f.Type, diags)
	case f.Default != nil:
		return f.Default
	case !f.Type.Optional:
		diags.Errorf(n.Pos, "missing-field", "%q of %s is missing", f.Name, TypeString(bare(want)))
	}
	return &ir.Expr{Op: ir.Literal, Type: f.Type, Pos: n.Pos}
}

func moneyFields() []*ir.Field {
	currency := ir.Type{Kind: ir.String, Limits: ir.Constraints{Pattern: "^[A-Z]{3}$"}}
	return []*ir.Field{{Name: "amount", Type: simple(ir.Int)}, {Name: "currency", Type: currency}}
}
