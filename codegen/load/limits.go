package load

import (
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

func (m *module) resolveLimits(a *aggregate) {
	for _, e := range a.spec.Entries("limits") {
		r := syntax.Read(e.Value, grammar.Limit, &m.diags)
		limit := &ir.Limit{Name: e.Key, Refusal: m.refusal(r.Text("else"), r), Pos: e.Pos}
		limit.Counts = m.condition(r, "counts", expr.NewScope(stateRoot(a.ir)))
		limit.Facts = m.facts(r, expr.NewScope(contextRoot()))
		m.limitBound(limit, r)
		limit.Per = m.limitScope(a, r)
		r.Done()
		a.ir.Limits = append(a.ir.Limits, limit)
	}
}

// limitBound reads `max` or `min`.
func (m *module) limitBound(limit *ir.Limit, r *syntax.Reader) {
	least, most := r.Get("min"), r.Get("max")
	switch {
	case least == nil && most == nil:
		m.errorf(r.Node.Pos, "missing-key", "\"max\" or \"min\" is missing")
	case least != nil && most != nil:
		m.errorf(least.Pos, "bad-limit", "a limit has one bound").WithHint("make a second limit of `min`, with an error of its own")
	}
	key := "max"
	if limit.Least = least != nil; limit.Least {
		key = "min"
	}
	limit.Bound = m.expression(r, key, ir.Type{Kind: ir.Int}, expr.NewScope(factsRoot(limit.Facts), contextRoot()))
}

// limitScope reads `per:`, what a limit counts within: the tenant first, then fields of the state.
func (m *module) limitScope(a *aggregate, r *syntax.Reader) []string {
	per := []string{"tenant"}
	for i, n := range r.Texts("per") {
		if n.Text == "tenant" {
			if i > 0 {
				m.errorf(n.Pos, "bad-limit", "the tenant comes first in `per`")
			}
			continue
		}
		f := m.target(n.Pos, n.Text, "the state of "+a.ir.Name, a.ir.State)
		if f != nil && f.Type.Optional {
			m.errorf(n.Pos, "bad-limit", "%q may be absent, so nothing can be counted per %q", n.Text, n.Text)
		}
		per = append(per, n.Text)
	}
	return per
}

func (m *module) resolveTimers(a *aggregate) {
	for _, e := range a.spec.Entries("timers") {
		r := syntax.Read(e.Value, grammar.Timer, &m.diags)
		scope := expr.NewScope(stateRoot(a.ir))
		t := &ir.Timer{Name: e.Key, Pos: e.Pos}
		t.While = m.condition(r, "while", scope)
		t.At = m.expression(r, "at", ir.Type{Kind: ir.Timestamp}, scope)
		if n := r.Get("do"); n != nil {
			t.Command = m.commandOf(a.ir, n.Text, n.Pos)
		}
		t.Handwritten = r.Text("input") == "handwritten"
		if n := r.Get("with"); n != nil && t.Handwritten {
			m.errorf(n.Pos, "bad-timer", "the input of %s is found out by hand, and also said here", e.Key).WithHint("leave one of them out")
		}
		if t.Command != nil && !t.Handwritten {
			t.With = m.input(t.Command, r, scope.Given(t.While), e)
		}
		r.Done()
		a.ir.Timers = append(a.ir.Timers, t)
	}
}

// input reads `with:`, the input of a command that a timer or a reaction runs.
func (m *module) input(c *ir.Command, r *syntax.Reader, scope expr.Scope, at syntax.Entry) []*ir.Assignment {
	entries := r.Entries("with")
	with := m.assign(entries, "the input of "+c.Name, c.Input, scope)
	for _, f := range c.Input {
		said := r.Node.Get("with").Get(f.Name) != nil
		if !said && f.Default == nil && !f.Type.Optional {
			m.errorf(at.Pos, "missing-field", "%s needs %q", c.Name, f.Name).WithRelated(f.Pos, "declared here").
				WithHint("add `with: {%s: …}`", f.Name)
		}
	}
	return with
}
