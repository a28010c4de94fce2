package check

import (
	"regexp"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

var (
	pascalForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	snakeForm  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	kebabForm  = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	moduleForm = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	valueForm  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*$`)
	codeForm   = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
)

// nameForms: every kind of name has one form, because names become Go, SQL and paths.
//
//	good: aggregates: {Job: {state: {started_at: timestamp}}}
//	bad:  aggregates: {job: {state: {startedAt: timestamp}}}
func nameForms(p *ir.Platform, diags *diag.List) {
	n := nameChecker{diags}
	n.check(p.Pos, "platform", p.Name, kebabForm, naming.Kebab)
	for _, a := range p.Apps {
		n.check(a.Pos, "app", a.Name, kebabForm, naming.Kebab)
	}
	for _, m := range p.Modules {
		n.check(m.Pos, "module", m.Name, moduleForm, naming.Package)
		n.module(m)
	}
}

type nameChecker struct{ diags *diag.List }

func (n nameChecker) check(pos diag.Pos, kind, name string, form *regexp.Regexp, better func(string) string) {
	if form.MatchString(name) {
		return
	}
	d := n.diags.Errorf(pos, "bad-name", "%q is not the name of a %s", name, kind)
	if b := better(name); form.MatchString(b) && b != name {
		d.WithHint("write %q", b)
	}
}

func (n nameChecker) module(m *ir.Module) {
	for _, t := range m.Types {
		n.check(t.Pos, "type", t.Name, pascalForm, naming.Go)
		for _, v := range t.Values {
			n.check(v.Pos, "value", v.Name, valueForm, naming.Snake)
		}
	}
	for _, a := range m.Aggregates {
		n.aggregate(a)
	}
	for _, x := range m.Projections {
		n.check(x.Pos, "projection", x.Name, snakeForm, naming.Snake)
		if x.UniqueCode != "" {
			n.check(x.Pos, "error", x.UniqueCode, codeForm, upper)
		}
	}
	for _, q := range m.Queries {
		n.check(q.Pos, "query", q.Name, pascalForm, naming.Go)
		for _, d := range q.Derive {
			n.check(d.Pos, "derived value", d.Name, snakeForm, naming.Snake)
		}
		for _, x := range q.Measures {
			n.check(x.Pos, "measure", x.Name, snakeForm, naming.Snake)
		}
	}
	for _, r := range m.Reactions {
		n.check(r.Pos, "reaction", r.Name, pascalForm, naming.Go)
	}
	for _, set := range fieldSets(m) {
		for _, f := range set.fields {
			n.check(f.Pos, "field", f.Name, snakeForm, naming.Snake)
		}
	}
}

func (n nameChecker) aggregate(a *ir.Aggregate) {
	n.check(a.Pos, "aggregate", a.Name, pascalForm, naming.Go)
	n.check(a.Pos, "plural", a.Plural, kebabForm, naming.Kebab)
	for _, e := range a.Events {
		n.check(e.Pos, "event", e.Name, pascalForm, naming.Go)
	}
	requirements := a.Invariants
	for _, c := range a.Commands {
		n.check(c.Pos, "command", c.Name, pascalForm, naming.Go)
		requirements = append(requirements[:len(requirements):len(requirements)], c.Require...)
		for _, f := range c.Facts {
			n.check(f.Pos, "fact", f.Name, snakeForm, naming.Snake)
		}
	}
	for _, l := range a.Limits {
		n.check(l.Pos, "limit", l.Name, snakeForm, naming.Snake)
		n.check(l.Pos, "error", l.Code, codeForm, upper)
	}
	for _, t := range a.Timers {
		n.check(t.Pos, "timer", t.Name, snakeForm, naming.Snake)
	}
	for _, r := range requirements {
		n.check(r.Pos, "error", r.Code, codeForm, upper)
	}
}
