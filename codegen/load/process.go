package load

import (
	"slices"
	"strconv"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/naming"
	"github.com/oksai/oksai/codegen/syntax"
)

// A process is an aggregate: its stream is its memory, reactions carry it from
// step to step, and a timer ends it. So it is written out as these, in the
// language itself, before anything else is read. What it is written out to keeps the author's places.

// expandProcesses writes the module's processes out as aggregates and reactions.
func (m *module) expandProcesses() {
	for _, e := range m.spec.Entries("processes") {
		r := syntax.Read(e.Value, grammar.Process, &m.diags)
		p := &process{name: e.Key, at: e.Pos, spec: r, timeout: r.Get("timeout")}
		p.key, p.state = r.Entries("key"), append(slices.Clone(r.Entries("key")), r.Entries("state")...)
		for _, s := range r.Entries("steps") {
			p.steps = append(p.steps, step{s, syntax.Read(s.Value, grammar.ProcessStep, &m.diags)})
		}
		starts := r.Entries("starts_on")
		if len(p.key) != 1 || len(starts) != 1 || len(p.steps) == 0 {
			m.errorf(e.Pos, "bad-process", "%s needs one field as its `key`, one event in `starts_on`, and a step", e.Key)
			continue
		}
		for _, f := range p.state {
			if slices.Contains([]string{"step", "outcome", "deadline"}, f.Key) {
				m.errorf(f.Pos, "reserved-name", "a field cannot be called %q here: every process has it", f.Key).WithHint("say what it is, as in next_step or due_at")
			}
		}
		m.processes = append(m.processes, p.name)
		m.spec.Node.Add("aggregates", syntax.Entry{Key: p.name, Pos: e.Pos, Value: p.aggregate()})
		for _, reaction := range p.reactions(m, starts[0]) {
			m.spec.Node.Add("reactions", reaction)
		}
		r.Get("doc")
		r.Done()
	}
}

// process is a process that is being written out.
type process struct {
	name       string
	at         diag.Pos
	spec       *syntax.Reader
	key, state []syntax.Entry // the state begins with the key
	steps      []step
	timeout    *syntax.Node
}

type step struct {
	syntax.Entry
	spec *syntax.Reader
}

// of is the name of something that belongs to a step: FulfilmentReserveDone.
func (p *process) of(s step, what string) string { return p.name + naming.Go(s.Key) + what }

func (p *process) text(s string) *syntax.Node {
	return &syntax.Node{Kind: syntax.Scalar, Text: s, Pos: p.at, TextPos: p.at}
}

func (p *process) list(items ...*syntax.Node) *syntax.Node {
	return &syntax.Node{Kind: syntax.Sequence, Items: items, Pos: p.at}
}

func (p *process) mapping(entries ...syntax.Entry) *syntax.Node {
	return &syntax.Node{Kind: syntax.Mapping, Entries: entries, Pos: p.at}
}

func (p *process) entry(key string, value *syntax.Node) syntax.Entry {
	return syntax.Entry{Key: key, Pos: p.at, Value: value}
}

// aggregate is the process as an aggregate. Its events carry all of its state,
// so that reactions to them can say what the next command gets.
func (p *process) aggregate() *syntax.Node {
	var names []*syntax.Node
	for _, s := range p.steps {
		names = append(names, p.text(s.Key))
	}
	current := p.entry("step", p.mapping(p.entry("enum", p.list(names...))))
	outcome := p.entry("outcome", p.mapping(p.entry("enum", p.list(p.text("running"), p.text("done"), p.text("refused"), p.text("timed_out")))))
	remembered := append(slices.Clone(p.state), current)
	state := append(slices.Clone(remembered), outcome)
	started := slices.Clone(remembered)
	entries := []syntax.Entry{p.entry("commands", p.commands()), p.entry("events", p.mapping())}
	if doc := p.spec.Get("doc"); doc != nil {
		entries = append(entries, p.entry("doc", doc))
	}
	if p.timeout != nil {
		deadline := p.entry("deadline", p.text("timestamp"))
		state, started = append(state, deadline), append(started, deadline)
		entries = append(entries, p.entry("timers", p.mapping(p.entry("timeout", p.mapping(
			p.entry("at", p.text("state.deadline")), p.entry("while", p.text("state.outcome == 'running'")), p.entry("do", p.text("TimeOut"+p.name)))))))
	}
	event := func(name, outcome string, fields []syntax.Entry) syntax.Entry {
		return p.entry(p.name+name, p.mapping(p.entry("fields", p.mapping(fields...)), p.entry("sets", p.mapping(p.entry("outcome", p.text(outcome))))))
	}
	events := []syntax.Entry{event("Started", "running", started)}
	if len(p.steps) > 1 {
		events = append(events, event("Advanced", "running", remembered))
	}
	events = append(events, event("Done", "done", remembered), event("Refused", "refused", remembered))
	if p.timeout != nil {
		events = append(events, event("TimedOut", "timed_out", remembered))
	}
	entries[1].Value = p.mapping(events...)
	return p.mapping(append(entries, p.entry("state", p.mapping(state...)))...)
}

// commands are run by the process's own reactions and timer, and by nobody else.
func (p *process) commands() *syntax.Node {
	start := []syntax.Entry{p.entry("step", p.text(p.steps[0].Key))}
	if p.timeout != nil {
		const before = "=now + duration('"
		after := *p.timeout
		after.Text, after.TextPos.Col = before+p.timeout.Text+"')", p.timeout.TextPos.Col-len(before)+1
		start = append(start, p.entry("deadline", &after))
	}
	commands := []syntax.Entry{p.entry("Start"+p.name, p.mapping(
		p.entry("creates", p.text("true")), p.entry("input", p.mapping(p.state...)),
		p.entry("emits", p.mapping(p.entry(p.name+"Started", p.mapping(start...))))))}
	for i, s := range p.steps {
		next, at := "Done", s.Key
		if i+1 < len(p.steps) {
			next, at = "Advanced", p.steps[i+1].Key
		}
		passed := "state.outcome != 'running' || state.step != '" + s.Key + "'"
		commands = append(commands, p.command(p.of(s, "Done"), passed, next, at))
		if len(s.spec.Entries("failed_on")) > 0 {
			commands = append(commands, p.command(p.of(s, "Refused"), passed, "Refused", s.Key))
		}
	}
	if p.timeout != nil {
		commands = append(commands, p.command("TimeOut"+p.name, "state.outcome != 'running'", "TimedOut", "=state.step"))
	}
	return p.mapping(commands...)
}

// command moves the process on, unless it is no more where the command finds it.
func (p *process) command(name, passed, event, at string) syntax.Entry {
	fields := []syntax.Entry{p.entry("step", p.text(at))}
	for _, f := range p.state {
		fields = append(fields, p.entry(f.Key, p.text("=state."+f.Key)))
	}
	return p.entry(name, p.mapping(p.entry("unchanged_if", p.text(passed)), p.entry("emits", p.mapping(p.entry(p.name+event, p.mapping(fields...))))))
}

// reactions begin the process, run each step's command, and hear how it went.
func (p *process) reactions(m *module, start syntax.Entry) []syntax.Entry {
	var all []syntax.Entry
	if by := start.Value.Get(p.key[0].Key); by != nil {
		all = append(all, syntax.Entry{Key: p.name + "Start", Pos: start.Pos, Value: p.mapping(
			p.entry("on", name(start)), p.entry("do", p.text("Start"+p.name)), p.entry("by", by), p.entry("with", start.Value))})
	} else {
		m.errorf(start.Pos, "missing-key", "%q is missing", p.key[0].Key).WithHint("say which process the event starts, as in {%s: =event.…}", p.key[0].Key)
	}
	for i, s := range p.steps {
		begins, when := "Started", ""
		if i > 0 {
			begins, when = "Advanced", "state.step == '"+s.Key+"'"
		}
		all = append(all, p.issue(p.of(s, "Step"), begins, when, s.spec))
		all = append(all, p.hear(s, "Done", s.spec.Entries("done_on"))...)
		all = append(all, p.hear(s, "Refused", s.spec.Entries("failed_on"))...)
		if n := s.spec.Get("undo"); n != nil {
			undo := syntax.Read(n, grammar.ProcessUndo, &m.diags)
			place := "rank(state.step) > " + strconv.Itoa(i)
			all = append(all, p.issue(p.of(s, "Undo"), "Refused", place, undo))
			if p.timeout != nil { // the step may have had its effect, and only the news is late
				all = append(all, p.issue(p.of(s, "UndoLate"), "TimedOut", "rank(state.step) >= "+strconv.Itoa(i), undo))
			}
			undo.Done()
		}
		s.spec.Done()
	}
	return all
}

// issue is the reaction that runs a command of a step when the process has come to a place.
func (p *process) issue(called, on, when string, command *syntax.Reader) syntax.Entry {
	entries := []syntax.Entry{p.entry("on", p.text(p.name+on))}
	if when != "" {
		entries = append(entries, p.entry("when", p.text(when)))
	}
	for _, key := range []string{"do", "id", "with"} {
		if n := command.Get(key); n != nil {
			entries = append(entries, p.entry(key, n))
		}
	}
	return syntax.Entry{Key: called, Pos: command.Node.Pos, Value: &syntax.Node{Kind: syntax.Mapping, Pos: command.Node.Pos, Entries: entries}}
}

// hear are the reactions to what tells how a step went; the first has the step's own name, others are counted.
func (p *process) hear(s step, how string, events []syntax.Entry) []syntax.Entry {
	var all []syntax.Entry
	for i, e := range events {
		called := p.of(s, how)
		if i > 0 {
			called += strconv.Itoa(i + 1)
		}
		all = append(all, syntax.Entry{Key: called, Pos: e.Pos, Value: &syntax.Node{Kind: syntax.Mapping, Pos: e.Pos, Entries: []syntax.Entry{
			p.entry("on", name(e)), p.entry("do", p.text(p.of(s, how))), p.entry("by", e.Value)}}})
	}
	return all
}

// name is the key of an entry as a value.
func name(e syntax.Entry) *syntax.Node {
	return &syntax.Node{Kind: syntax.Scalar, Text: e.Key, Pos: e.Pos, TextPos: e.Pos}
}
