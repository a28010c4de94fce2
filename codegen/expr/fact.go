package expr

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/parser"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// FactCall is a fact as it is written: tenant.Tenant(context.tenant_id).plan.
type FactCall struct {
	Aggregate string // "tenant.Tenant", or "Tenant" in the module at hand
	ID        *ir.Expr
	Path      []string
	Optional  bool // the aggregate may be missing: tenant.Tenant(command.tenant).?plan
}

// ParseFact reads a fact; the scope is for its id.
func ParseFact(src Source, scope Scope, diags *diag.List) *FactCall {
	c, n := parse(src, scope, diags, parser.EnableOptionalSyntax(true))
	if n == nil {
		return nil
	}
	var path []string
	for n.Kind() == ast.SelectKind {
		path = append([]string{n.AsSelect().FieldName()}, path...)
		n = n.AsSelect().Operand()
	}
	optional := isOptionalSelect(n)
	if optional {
		path = append([]string{n.AsCall().Args()[1].AsLiteral().Value().(string)}, path...)
		n = n.AsCall().Args()[0]
	}
	if n.Kind() != ast.CallKind || len(n.AsCall().Args()) != 1 || len(path) == 0 {
		diags.Errorf(src.Pos, "bad-fact", "a fact is a value of another aggregate").WithHint("write =tenant.Tenant(context.tenant_id).plan")
		return nil
	}
	call := n.AsCall()
	f := &FactCall{Aggregate: call.FunctionName(), Path: path, Optional: optional}
	if call.IsMemberFunction() && call.Target().Kind() == ast.IdentKind {
		f.Aggregate = call.Target().AsIdent() + "." + f.Aggregate
	}
	if f.ID = c.check(call.Args()[0]); f.ID == nil || !c.coerce(f.ID, simple(ir.UUID)) {
		return nil
	}
	Required(f.ID, simple(ir.UUID), scope, diags)
	return f
}

// isOptionalSelect reports whether an expression is x.?field.
func isOptionalSelect(n ast.Expr) bool {
	return n.Kind() == ast.CallKind && n.AsCall().FunctionName() == operators.OptSelect
}

// Assignable reports whether a field's value can be carried over to another field.
func Assignable(from, to ir.Type) bool {
	return compatible(from, to) && (to.Optional || !from.Optional)
}
