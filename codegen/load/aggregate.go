package load

import (
	"slices"

	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
	"github.com/oksai/oksai/codegen/syntax"
)

// declareAggregates binds the names of aggregates, commands and events.
func (m *module) declareAggregates() {
	for _, e := range m.spec.Entries("aggregates") {
		r := syntax.Read(e.Value, grammar.Aggregate, &m.diags)
		a := &aggregate{spec: r, ir: &ir.Aggregate{
			Module: m.ir.Name, Name: e.Key, Doc: r.Text("doc"), Pos: e.Pos, Plural: r.Text("plural"), Was: r.Text("was"),
			Process:       slices.Contains(m.processes, e.Key),
			Scope:         ir.Scope(r.Choice("scope")),
			SnapshotEvery: orElse(r.Int("snapshot_every"), m.platform.Defaults.SnapshotEvery),
		}}
		if a.ir.Plural == "" {
			a.ir.Plural = naming.Kebab(naming.Plural(e.Key))
		}
		for _, c := range r.Entries("commands") {
			a.ir.Commands = append(a.ir.Commands, &ir.Command{Name: c.Key, Pos: c.Pos})
			a.commands = append(a.commands, syntax.Read(c.Value, grammar.Command, &m.diags))
		}
		for _, c := range r.Entries("events") {
			a.ir.Events = append(a.ir.Events, &ir.Event{Name: c.Key, Pos: c.Pos})
			a.events = append(a.events, syntax.Read(c.Value, grammar.Event, &m.diags))
		}
		m.ir.Aggregates = append(m.ir.Aggregates, a.ir)
		m.aggregates = append(m.aggregates, a)
	}
}

func (m *module) defineStates() {
	for _, a := range m.aggregates {
		a.ir.State = m.fields(a.spec.Entries("state"), owner{name: a.ir.Name, long: grammar.StateField})
	}
}

// defineMessages reads the fields of events and the inputs of commands.
func (m *module) defineMessages() {
	for _, a := range m.aggregates {
		for i, r := range a.events {
			e := a.ir.Events[i]
			e.Doc, e.Publish, e.Was = r.Text("doc"), r.Bool("publish"), r.Text("was")
			e.Version = int(orElse(r.Int("version"), 1))
			e.Handwritten = r.Choice("apply") == "handwritten"
			e.Fields = m.fields(r.Entries("fields"), owner{e.Name, grammar.EventField, a.ir.State})
		}
		for i, r := range a.commands {
			c := a.ir.Commands[i]
			c.Doc = r.Text("doc")
			c.Creates, c.IfAbsent = m.creates(r)
			c.Input = m.fields(r.Entries("input"), owner{c.Name, grammar.Input, a.ir.State})
		}
	}
}

// resolveAggregates reads what aggregates do.
func (m *module) resolveAggregates() {
	for _, a := range m.aggregates {
		for i, r := range a.commands {
			m.resolveCommand(a, a.ir.Commands[i], r)
		}
		for i, r := range a.events {
			m.resolveEvent(a.ir, a.ir.Events[i], r)
		}
		a.ir.Invariants = m.requirements(a.spec.Items("invariants"), grammar.Invariant, expr.NewScope(stateRoot(a.ir)))
		m.resolveLimits(a)
		m.resolveTimers(a)
		m.resolveExamples(a)
		a.spec.Done()
	}
}

// resolveEvent says what an event does to the state: fields of the same name, then `sets`.
func (m *module) resolveEvent(a *ir.Aggregate, e *ir.Event, r *syntax.Reader) {
	sets := m.assign(r.Entries("sets"), "the state of "+a.Name, a.State, expr.NewScope(eventRoot(e.Fields), stateRoot(a)))
	if e.Handwritten && len(sets) > 0 {
		m.errorf(e.Pos, "apply-and-sets", "%s is applied by hand, which says what it sets", e.Name).WithHint("remove `sets` or `apply`")
	}
	for _, f := range a.State {
		switch said := assigned(sets, f.Name); {
		case said != nil:
			e.Sets = append(e.Sets, said)
		case e.Handwritten:
		case ir.FieldNamed(e.Fields, f.Name) != nil:
			m.carryToState(a, e, f)
		case f.Default != nil && creatingEvent(a, e):
			e.Sets = append(e.Sets, &ir.Assignment{Field: f.Name, Value: f.Default, Pos: f.Pos})
		}
	}
	r.Done()
}

func (m *module) carryToState(a *ir.Aggregate, e *ir.Event, f *ir.Field) {
	from := ir.FieldNamed(e.Fields, f.Name)
	if !m.sameType(from, f, "the state of "+a.Name) {
		return
	}
	value := &ir.Expr{Op: ir.Variable, Type: from.Type, Path: []string{"event", f.Name}, Pos: from.Pos}
	e.Sets = append(e.Sets, &ir.Assignment{Field: f.Name, Value: value, Pos: from.Pos})
}

// sameType checks a field whose value is carried over to another of the same name.
func (l *loader) sameType(from, to *ir.Field, what string) bool {
	if expr.Assignable(from.Type, to.Type) {
		return true
	}
	l.diags.Errorf(from.Pos, "type-mismatch", "%q is %s here and %s in %s, to which it is carried over",
		from.Name, expr.A(from.Type), expr.A(to.Type), what).
		WithRelated(to.Pos, "declared here").WithHint("give both the same type, or say the value yourself")
	return false
}

// creatingEvent reports whether a creating command of the aggregate writes the event first.
func creatingEvent(a *ir.Aggregate, e *ir.Event) bool {
	for _, c := range a.Commands {
		if c.Creates && len(c.Emits) > 0 && c.Emits[0].Event == e {
			return true
		}
	}
	return false
}

func assigned(all []*ir.Assignment, field string) *ir.Assignment {
	for _, a := range all {
		if a.Field == field {
			return a
		}
	}
	return nil
}

// requirements reads a list of {if, else, message}, and of what else their shape has.
func (m *module) requirements(items []*syntax.Node, form *grammar.Shape, scope expr.Scope) []*ir.Requirement {
	var all []*ir.Requirement
	for _, n := range items {
		r := syntax.Read(n, form, &m.diags)
		all = append(all, &ir.Requirement{If: m.condition(r, "if", scope), Refusal: m.refusal(r.Text("else"), r), Pos: n.Pos})
		r.Done()
	}
	return all
}
