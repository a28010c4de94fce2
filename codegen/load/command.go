package load

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

func (m *module) resolveCommand(a *aggregate, c *ir.Command, r *syntax.Reader) {
	c.Allow = m.roles(r)
	c.Facts = m.facts(r, expr.NewScope(expr.Root{Name: "command", Fields: c.Input}, contextRoot()))
	scope := m.commandScope(a.ir, c)
	c.UnchangedIf = m.condition(r, "unchanged_if", scope)
	c.Require = m.requirements(r.Items("require"), grammar.Requirement, scope)
	c.Handwritten = r.Choice("rule") == "handwritten"
	m.resolveEmits(a, c, r, scope)
	m.resolveIdentity(a.ir, c, r)
	c.HTTP = commandRoute(a.ir, c)
	m.overrideCommandRoute(r, c)
	r.Done()
}

// commandScope is what the conditions and values of a command may name.
func (m *module) commandScope(a *ir.Aggregate, c *ir.Command) expr.Scope {
	roots := []expr.Root{{Name: "command", Fields: c.Input}, contextRoot(), factsRoot(c.Facts), nowRoot()}
	if !c.Creates || c.IfAbsent {
		state := stateRoot(a)
		state.Optional = c.IfAbsent
		roots = append(roots, state)
	}
	return expr.NewScope(roots...)
}

func (m *module) resolveEmits(a *aggregate, c *ir.Command, r *syntax.Reader, scope expr.Scope) {
	n := r.Get("emits")
	switch {
	case n == nil && !c.Handwritten:
		m.errorf(c.Pos, "missing-key", "%s does not say what it emits", c.Name).WithHint("add `emits: <Event>` or `rule: handwritten`")
	case n == nil:
	case c.Handwritten:
		m.errorf(n.Pos, "emits-and-rule", "%s has a handwritten rule, which says what is emitted", c.Name).WithHint("remove `emits` or `rule`")
	case n.Kind == syntax.Sequence:
		for _, item := range n.Items {
			m.resolveEmission(a, c, item, scope)
		}
	default:
		m.resolveEmission(a, c, n, scope)
	}
}

// resolveEmission reads Event, {Event: {field: value}}, or the latter with when: beside it.
func (m *module) resolveEmission(a *aggregate, c *ir.Command, n *syntax.Node, scope expr.Scope) {
	if n.Kind == syntax.Scalar {
		m.emit(a, c, syntax.Entry{Key: n.Text, Pos: n.Pos}, nil, scope)
		return
	}
	r := syntax.Read(n, grammar.Emission, &m.diags)
	when := m.condition(r, "when", scope)
	for _, e := range n.Entries {
		if e.Key != "when" {
			m.emit(a, c, e, when, scope.Given(when))
		}
	}
}

func (m *module) emit(a *aggregate, c *ir.Command, e syntax.Entry, when *ir.Expr, scope expr.Scope) {
	event := m.eventOf(a.ir, e.Key, e.Pos)
	if event == nil {
		return
	}
	emission := &ir.Emission{Event: event, When: when, Pos: e.Pos}
	values := syntax.Read(e.Value, grammar.Fields.Called(event.Name), &m.diags)
	for _, f := range event.Fields {
		if value := m.emitted(c, event, f, values, e.Pos, scope); value != nil {
			emission.Fields = append(emission.Fields, &ir.Assignment{Field: f.Name, Value: value, Pos: value.Pos})
		}
	}
	values.Done()
	c.Emits = append(c.Emits, emission)
}

// emitted is where a field of an event comes from: what is said, the command's
// field of the same name, its default, or nothing if it is optional. A value
// that turns out to be absent fails the command at run time: conditions on other
// fields may well prove that it is there.
func (m *module) emitted(c *ir.Command, event *ir.Event, f *ir.Field, values *syntax.Reader, pos diag.Pos, scope expr.Scope) *ir.Expr {
	said, input := values.Get(f.Name), ir.FieldNamed(c.Input, f.Name)
	switch {
	case said != nil:
		return expr.Value(said, f.Type, scope, &m.diags)
	case input != nil:
		if !m.sameType(input, f, event.Name) {
			return nil
		}
		return &ir.Expr{Op: ir.Variable, Type: input.Type, Path: []string{"command", f.Name}, Pos: pos}
	case f.Default != nil:
		return f.Default
	case f.Type.Optional:
		return &ir.Expr{Op: ir.Literal, Type: f.Type, Pos: pos}
	}
	m.errorf(pos, "missing-field", "nothing says what %s of %s is", f.Name, event.Name).
		WithRelated(f.Pos, "declared here").WithHint("write {%s: {%s: =…}}, or add %s to the input of %s", event.Name, f.Name, f.Name, c.Name)
	return nil
}

func (m *module) eventOf(a *ir.Aggregate, name string, pos diag.Pos) *ir.Event {
	if e := a.Event(name); e != nil {
		return e
	}
	var names []string
	for _, e := range a.Events {
		names = append(names, e.Name)
	}
	m.errorf(pos, "unknown-event", "%s has no event %q", a.Name, name).Suggest(name, names)
	return nil
}

func (m *module) commandOf(a *ir.Aggregate, name string, pos diag.Pos) *ir.Command {
	if c := a.Command(name); c != nil {
		return c
	}
	var names []string
	for _, c := range a.Commands {
		names = append(names, c.Name)
	}
	m.errorf(pos, "unknown-command", "%s has no command %q", a.Name, name).Suggest(name, names)
	return nil
}

// roles reads `allow:`.
func (m *module) roles(r *syntax.Reader) []string {
	var roles []string
	for _, n := range r.Texts("allow") {
		if !slices.Contains(m.platform.Roles, n.Text) {
			m.errorf(n.Pos, "unknown-role", "there is no role %q", n.Text).Suggest(n.Text, m.platform.Roles)
		}
		roles = append(roles, n.Text)
	}
	return roles
}

// facts reads `name: =module.Aggregate(id).path`, or `.?path` where there may be no
// such aggregate. Facts are loaded before the state, so the state cannot say which ones.
func (m *module) facts(r *syntax.Reader, scope expr.Scope) []*ir.Fact {
	var facts []*ir.Fact
	for _, e := range r.Entries("facts") {
		src, ok := expr.Formula(e.Value)
		if !ok {
			m.errorf(e.Value.Pos, "bad-fact", "a fact is a value of another aggregate").WithHint("write =tenant.Tenant(context.tenant_id).plan")
			continue
		}
		if f := m.fact(e, src, scope); f != nil {
			facts = append(facts, f)
		}
	}
	return facts
}

func (m *module) fact(e syntax.Entry, src expr.Source, scope expr.Scope) *ir.Fact {
	call := expr.ParseFact(src, scope, &m.diags)
	if call == nil {
		return nil
	}
	a := m.findAggregate(call.Aggregate, m)
	if a == nil {
		m.unknownAggregate(src.Pos, call.Aggregate)
		return nil
	}
	f := &ir.Fact{Name: e.Key, Aggregate: a.ir, ID: call.ID, Path: call.Path, Optional: call.Optional, Pos: e.Pos}
	fields := a.ir.State
	for i, name := range call.Path {
		field := m.target(src.Pos, name, strings.Join(append([]string{a.ir.Name}, call.Path[:i]...), "."), fields)
		if field == nil {
			return nil
		}
		if f.Type.Optional {
			m.errorf(src.Pos, "optional-value", "%s may be absent, so nothing can be taken from it", strings.Join(call.Path[:i], ".")).
				WithHint("take the whole of it as the fact")
			return nil
		}
		f.Type, fields = field.Type, nil
		if field.Type.Kind == ir.Struct {
			fields = field.Type.Def.Fields
		}
	}
	f.Type.Optional = f.Type.Optional || f.Optional
	return f
}

// sentence makes a message of a code: JOB_NOT_PENDING is "job not pending".
func sentence(code string) string {
	return strings.ToLower(strings.ReplaceAll(code, "_", " "))
}
