package load

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

func stateRoot(a *ir.Aggregate) expr.Root { return expr.Root{Name: "state", Fields: a.State} }

func builtin(name string, kind ir.Kind) *ir.Field {
	return &ir.Field{Name: name, Type: ir.Type{Kind: kind}}
}

// EventBuiltins are what every recorded event has beside its fields.
func EventBuiltins() []*ir.Field {
	return []*ir.Field{
		builtin("at", ir.Timestamp), builtin("tenant_id", ir.UUID), builtin("by", ir.String), builtin("id", ir.UUID),
		builtin("stream_id", ir.UUID), builtin("version", ir.Int), builtin("type", ir.String),
	}
}

func eventRoot(fields []*ir.Field) expr.Root {
	return expr.Root{Name: "event", Fields: append(EventBuiltins(), fields...)}
}

func contextRoot() expr.Root {
	return expr.Root{Name: "context", Fields: []*ir.Field{
		builtin("tenant_id", ir.UUID), builtin("subject", ir.String),
		{Name: "roles", Type: ir.Type{Kind: ir.List, Elem: &ir.Type{Kind: ir.String}}},
		{Name: "user", Type: ir.Type{Kind: ir.UUID, Optional: true}},
	}}
}

func nowRoot() expr.Root { return expr.Root{Name: "now", Type: &ir.Type{Kind: ir.Timestamp}} }

func factsRoot(facts []*ir.Fact) expr.Root {
	root := expr.Root{Name: "facts"}
	for _, f := range facts {
		root.Fields = append(root.Fields, &ir.Field{Name: f.Name, Type: f.Type})
	}
	return root
}

func rowRoot(p *ir.Projection) expr.Root {
	fields := append([]*ir.Field{}, p.Key...)
	return expr.Root{Name: "row", Fields: append(fields, p.Columns...)}
}

// source returns the expression below a key where only an expression can stand, without a leading =.
func (l *loader) source(r *syntax.Reader, key string) (expr.Source, bool) {
	n := r.Get(key)
	if n == nil {
		return expr.Source{}, false
	}
	if n.Kind != syntax.Scalar {
		l.diags.Errorf(n.Pos, "wrong-shape", "%q is an expression, not %s", key, n.Kind)
		return expr.Source{}, false
	}
	if _, formula := expr.Formula(n); formula {
		l.diags.Errorf(n.Pos, "needless-equals", "%q is always an expression", key).WithHint("remove the =")
		return expr.Source{}, false
	}
	return expr.Source{Text: n.Text, Pos: n.TextPos}, true
}

// condition reads the condition below a key; nil if there is none.
func (l *loader) condition(r *syntax.Reader, key string, scope expr.Scope) *ir.Expr {
	src, ok := l.source(r, key)
	if !ok {
		return nil
	}
	return expr.Condition(src, scope, &l.diags)
}

// expression reads the expression of a type below a key; nil if there is none.
func (l *loader) expression(r *syntax.Reader, key string, want ir.Type, scope expr.Scope) *ir.Expr {
	src, ok := l.source(r, key)
	if !ok {
		return nil
	}
	return expr.As(src, want, scope, &l.diags)
}

// assign reads `field: value` entries for a set of fields.
func (l *loader) assign(entries []syntax.Entry, what string, fields []*ir.Field, scope expr.Scope) []*ir.Assignment {
	var all []*ir.Assignment
	for _, e := range entries {
		f := l.target(e.Pos, e.Key, what, fields)
		if f == nil {
			continue
		}
		if value := l.value(e.Value, f.Type, scope); value != nil {
			all = append(all, &ir.Assignment{Field: f.Name, Value: value, Pos: e.Pos})
		}
	}
	return all
}

// target finds the field that an entry names, or reports that there is none.
func (l *loader) target(pos diag.Pos, name, what string, fields []*ir.Field) *ir.Field {
	if f := ir.FieldNamed(fields, name); f != nil {
		return f
	}
	l.diags.Errorf(pos, "unknown-field", "%s has no field %q", what, name).Suggest(name, ir.FieldNames(fields))
	return nil
}
