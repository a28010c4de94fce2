package load

import (
	"strings"

	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
	"github.com/oksai/oksai/codegen/syntax"
)

// defineExternals reads the events of other services.
func (m *module) defineExternals() {
	for _, e := range m.spec.Entries("external") {
		r := syntax.Read(e.Value, grammar.External, &m.diags)
		m.ir.External = append(m.ir.External, &ir.ExternalEvent{
			Name: e.Key, Doc: r.Text("doc"), Topic: r.Text("topic"), Pos: e.Pos,
			Fields: m.fields(r.Entries("fields"), owner{name: naming.Go(e.Key), long: grammar.ExternalField}),
		})
		r.Done()
	}
}

func (m *module) resolveReactions() {
	for _, e := range m.spec.Entries("reactions") {
		r := syntax.Read(e.Value, grammar.Reaction, &m.diags)
		x := &ir.Reaction{Name: e.Key, Doc: r.Text("doc"), Pos: e.Pos}
		if m.reactionSource(x, r) && m.reactionTarget(x, r) {
			m.reactionBody(x, r, e)
			m.ir.Reactions = append(m.ir.Reactions, x)
			r.Done()
		}
	}
}

// reactionSource reads `on: Event` or `on: external name`.
func (m *module) reactionSource(x *ir.Reaction, r *syntax.Reader) bool {
	n := r.Get("on")
	if n == nil {
		return false
	}
	name, external := strings.CutPrefix(n.Text, "external ")
	if !external {
		x.Source, x.Event = m.findEvent(name, n.Pos)
		return x.Event != nil
	}
	var known []string
	for _, e := range m.ir.External {
		if e.Name == strings.TrimSpace(name) {
			x.External = e
			return true
		}
		known = append(known, e.Name)
	}
	m.errorf(n.Pos, "unknown-event", "there is no external event %q", name).Suggest(name, known)
	return false
}

// reactionTarget reads `do: Command`, `do: module.Command` or `do: module.Aggregate.Command`.
func (m *module) reactionTarget(x *ir.Reaction, r *syntax.Reader) bool {
	n := r.Get("do")
	if n == nil {
		return false
	}
	parts := strings.Split(n.Text, ".")
	home, local := m, parts[len(parts)-1]
	if len(parts) > 1 && m.module(parts[0]) != nil {
		home, parts = m.module(parts[0]), parts[1:]
	}
	var known []string
	for _, a := range home.ir.Aggregates {
		for _, c := range a.Commands {
			if c.Name == local && (len(parts) == 1 || len(parts) == 2 && parts[0] == a.Name) {
				x.Target, x.Command = a, c
				return true
			}
			known = append(known, c.Name)
		}
	}
	m.errorf(n.Pos, "unknown-command", "there is no command %q", n.Text).Suggest(local, known)
	return false
}

func (m *module) reactionBody(x *ir.Reaction, r *syntax.Reader, e syntax.Entry) {
	var fields []*ir.Field
	if x.Event != nil {
		fields = x.Event.Fields
	} else {
		fields = x.External.Fields
	}
	roots := []expr.Root{eventRoot(fields)}
	if x.Source != nil && x.Source.Process {
		roots = append(roots, expr.Root{Name: "state", Fields: fields})
	}
	scope := expr.NewScope(roots...)
	x.When = m.condition(r, "when", scope)
	scope = scope.Given(x.When)
	switch n := r.Get("id"); {
	case x.Command.Identified() && (n != nil || r.Get("by") != nil):
		m.errorf(e.Pos, "needless-id", "%s says itself which %s it begins", x.Command.Name, x.Target.Name).WithHint("remove `id` and `by`")
	case r.Get("by") != nil:
		x.By = m.by(x, r, scope)
	case n == nil && !x.Command.Creates:
		m.errorf(e.Pos, "missing-key", "%s does not say which %s is meant", x.Name, x.Target.Name).WithHint("add `id: =event.…`, or `by` with what its id was made from")
	case n != nil && x.Command.Creates:
		m.errorf(n.Pos, "needless-id", "%s creates a %s, whose id is made from the event", x.Command.Name, x.Target.Name).WithHint("remove `id`")
	case n != nil:
		x.ID = m.value(n, ir.Type{Kind: ir.Ref, Module: x.Target.Module, Aggregate: x.Target.Name}, scope)
	}
	x.With = m.input(x.Command, r, scope, e)
}

// by reads the value that an id is made from.
func (m *module) by(x *ir.Reaction, r *syntax.Reader, scope expr.Scope) *ir.Expr {
	if n := r.Get("id"); n != nil {
		m.errorf(n.Pos, "needless-id", "%s has its id from `by`", x.Name).WithHint("remove one of them")
	}
	n := r.Get("by")
	src, ok := expr.Formula(n)
	if !ok {
		m.errorf(n.Pos, "bad-literal", "one id for all events is none").WithHint("write =event.…")
		return nil
	}
	return expr.Printed(src, scope, &m.diags)
}
