package load

import (
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// creates reads `creates: true` and `creates: if_absent`.
func (m *module) creates(r *syntax.Reader) (creates, ifAbsent bool) {
	switch text := r.Text("creates"); text {
	case "", "false":
		return false, false
	case "true":
		return true, false
	case "if_absent":
		return true, true
	default:
		m.errorf(r.Get("creates").Pos, "unknown-choice", "%q is not a value of %q", text, "creates").Suggest(text, []string{"true", "if_absent"})
		return true, false
	}
}

// resolveIdentity reads `id: =command.user` and `by: =command.email`: which
// aggregate a command begins, where that is not a new one.
func (m *module) resolveIdentity(a *ir.Aggregate, c *ir.Command, r *syntax.Reader) {
	id, by := r.Get("id"), r.Get("by")
	switch scope := expr.NewScope(expr.Root{Name: "command", Fields: c.Input}, contextRoot()); {
	case id == nil && by == nil:
		if c.IfAbsent {
			m.errorf(c.Pos, "missing-key", "%s does not say which %s may be there already", c.Name, a.Name).WithHint("add `id` or `by`, e.g. `by: =command.…`")
		}
	case !c.Creates:
		m.errorf(c.Pos, "needless-id", "%s acts on a %s whose id is in its path", c.Name, a.Name).WithHint("remove `id` and `by`, or add `creates`")
	case id != nil && by != nil:
		m.errorf(by.Pos, "needless-id", "%s has its id from `id`", c.Name).WithHint("remove one of them")
	case id != nil:
		c.ID = m.value(m.formula(id), ir.Type{Kind: ir.UUID}, scope)
	default:
		if src, ok := expr.Formula(m.formula(by)); ok {
			c.By = expr.Printed(src, scope, &m.diags)
		}
	}
}

// formula reports an id that is the same for all commands.
func (m *module) formula(n *syntax.Node) *syntax.Node {
	if _, ok := expr.Formula(n); !ok {
		m.errorf(n.Pos, "bad-literal", "one id for all commands is none").WithHint("write =command.…")
	}
	return n
}
