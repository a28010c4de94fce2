package load

import (
	"fmt"

	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

func (m *module) resolveExamples(a *aggregate) {
	for i, n := range a.spec.Items("examples") {
		r := syntax.Read(n, grammar.Example, &m.diags)
		x := &ir.Example{Name: r.Text("name"), Error: r.Text("error"), Pos: n.Pos}
		x.Given = m.exampleEvents(a, r.Items("given"))
		m.exampleCommand(a, x, r.Get("when"))
		x.Then = m.exampleEvents(a, r.Items("then"))
		if says := r.Node.Get("then") != nil; says == (x.Error != "") {
			m.errorf(n.Pos, "bad-example", "an example ends with either `then` or `error`").WithHint("write then: [] if nothing happens")
		}
		if x.Name == "" && x.Command != nil {
			x.Name = fmt.Sprintf("%s %d", x.Command.Name, i+1)
		}
		r.Done()
		a.ir.Examples = append(a.ir.Examples, x)
	}
}

func (m *module) exampleEvents(a *aggregate, items []*syntax.Node) []ir.ExampleEvent {
	var all []ir.ExampleEvent
	for _, n := range items {
		name, values := named(n)
		event := m.eventOf(a.ir, name.Key, name.Pos)
		if event == nil {
			continue
		}
		fields := m.assign(values, event.Name, event.Fields, expr.NewScope())
		all = append(all, ir.ExampleEvent{Event: event, Fields: fields})
	}
	return all
}

func (m *module) exampleCommand(a *aggregate, x *ir.Example, n *syntax.Node) {
	if n == nil {
		return
	}
	name, values := named(n)
	if x.Command = m.commandOf(a.ir, name.Key, name.Pos); x.Command == nil {
		return
	}
	x.Input = m.assign(values, "the input of "+x.Command.Name, x.Command.Input, expr.NewScope())
}

// named reads Name or {Name: {field: value}}.
func named(n *syntax.Node) (syntax.Entry, []syntax.Entry) {
	if n.Kind == syntax.Mapping && len(n.Entries) == 1 {
		return n.Entries[0], n.Entries[0].Value.Entries
	}
	return syntax.Entry{Key: n.Text, Pos: n.Pos}, nil
}
