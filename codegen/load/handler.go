package load

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
	"github.com/oksai/oksai/codegen/syntax"
)

// resolveProjections reads what events do to rows.
func (m *module) resolveProjections() {
	for _, p := range m.projections {
		if !p.ir.EventLog {
			for _, e := range p.spec.Entries("on") {
				m.resolveHandler(p.ir, e)
			}
		}
		p.spec.Done()
	}
}

func (m *module) resolveHandler(p *ir.Projection, e syntax.Entry) {
	r := syntax.Read(e.Value, grammar.Handler, &m.diags)
	a, event := m.findEvent(e.Key, e.Pos)
	if event == nil {
		return
	}
	h := &ir.Handler{Aggregate: a, Event: event, Pos: e.Pos, Delete: r.Bool("delete"), Handwritten: r.Choice("map") == "handwritten"}
	events := expr.NewScope(eventRoot(event.Fields))
	rows := expr.NewScope(eventRoot(event.Fields), rowRoot(p))
	h.When = m.condition(r, "when", rows)
	h.Key = m.handlerKey(p, h, r, events)
	for _, verb := range e.Value.Entries {
		if slices.Contains(stepVerbs(), verb.Key) {
			m.resolveSteps(p, h, r, verb.Key, rows.Given(h.When))
		}
	}
	if h.Delete && len(h.Steps) > 0 {
		m.errorf(e.Pos, "bad-handler", "%s deletes the row, so it cannot change it", e.Key)
	}
	if h.Handwritten && (h.Delete || len(h.Steps) > 0) {
		m.errorf(e.Pos, "bad-handler", "%s is mapped by hand, which says what becomes of the row", e.Key).WithHint("remove `map`, or all but `map`, `key` and `when`")
	}
	r.Get("delete")
	for _, verb := range stepVerbs() {
		r.Get(verb)
	}
	r.Done()
	p.Handlers = append(p.Handlers, h)
}

func stepVerbs() []string { return []string{"set", "add", "append", "remove", "min", "max"} }

// findEvent finds Event, Aggregate.Event, module.Event or module.Aggregate.Event.
func (m *module) findEvent(name string, pos diag.Pos) (*ir.Aggregate, *ir.Event) {
	parts := strings.Split(name, ".")
	home, local := m, parts[len(parts)-1]
	if len(parts) > 1 && m.module(parts[0]) != nil {
		home, parts = m.module(parts[0]), parts[1:]
	}
	var known []string
	for _, a := range home.ir.Aggregates {
		for _, e := range a.Events {
			if e.Name == local && (len(parts) == 1 || len(parts) == 2 && parts[0] == a.Name) {
				return a, e
			}
			known = append(known, e.Name)
		}
	}
	m.errorf(pos, "unknown-event", "there is no event %q", name).Suggest(local, known)
	return nil, nil
}

// handlerKey finds the row of an event: what `key` says, a field of the event of
// that name, the event's stream or its tenant.
func (m *module) handlerKey(p *ir.Projection, h *ir.Handler, r *syntax.Reader, scope expr.Scope) []*ir.Assignment {
	said := m.assign(r.Entries("key"), "the key of "+p.Name, p.Key, scope)
	var key []*ir.Assignment
	for _, f := range p.Key {
		if a := assigned(said, f.Name); a != nil {
			key = append(key, a)
			continue
		}
		path := ""
		switch from := ir.FieldNamed(h.Event.Fields, f.Name); {
		case f.Name == "tenant_id":
			path = "tenant_id"
		case f.Name == naming.Snake(h.Aggregate.Name)+"_id":
			path = "stream_id"
		case from != nil && expr.Assignable(from.Type, f.Type):
			path = f.Name
		case r.Node.Get("key").Get(f.Name) == nil:
			m.errorf(h.Pos, "missing-field", "nothing says which row of %s the event %s is about", p.Name, h.Event.Name).
				WithHint("add `key: {%s: =event.…}`", f.Name)
			continue
		default:
			continue // reported
		}
		value := &ir.Expr{Op: ir.Variable, Type: f.Type, Path: []string{"event", path}, Pos: h.Pos}
		key = append(key, &ir.Assignment{Field: f.Name, Value: value, Pos: h.Pos})
	}
	return key
}

func (m *module) resolveSteps(p *ir.Projection, h *ir.Handler, r *syntax.Reader, verb string, scope expr.Scope) {
	for _, e := range r.Entries(verb) {
		f := m.target(e.Pos, e.Key, p.Name, p.Columns)
		if f == nil {
			continue
		}
		want, ok := stepType(verb, f)
		if !ok {
			m.errorf(e.Pos, "bad-step", "%q does not work on %s, which is %s", verb, f.Name, expr.A(f.Type)).WithHint("%s", stepHint(verb))
			continue
		}
		if value := m.value(e.Value, want, scope); value != nil {
			h.Steps = append(h.Steps, &ir.Step{Verb: verb, Column: f.Name, Value: value, Pos: e.Pos})
		}
	}
}

// stepType is the type of the value that a verb takes for a column.
func stepType(verb string, f *ir.Field) (ir.Type, bool) {
	t := f.Type
	if verb == "set" {
		return t, true
	}
	optional := t.Optional
	t.Optional = false
	switch verb {
	case "add":
		return t, expr.Numeric(t) && t.Kind != ir.Money
	case "min", "max":
		return t, expr.Ordered(t) && optional
	}
	if t.Kind != ir.List && t.Kind != ir.Set {
		return t, false
	}
	return *t.Elem, true
}

func stepHint(verb string) string {
	switch verb {
	case "add":
		return "add counts into int, decimal and duration columns; keep money as an int of minor units"
	case "min", "max":
		return verb + " needs an optional column with an order: a row may begin without a value"
	}
	return verb + " works on lists and sets"
}
