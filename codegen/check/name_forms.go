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
	n.check(p.Pos, "a platform", p.Name, kebabForm, naming.Kebab)
	for _, a := range p.Apps {
		n.check(a.Pos, "an app", a.Name, kebabForm, naming.Kebab)
	}
	for _, m := range p.Modules {
		n.check(m.Pos, "a module", m.Name, moduleForm, naming.Package)
		n.module(m)
	}
}

type nameChecker struct{ diags *diag.List }

func (n nameChecker) check(pos diag.Pos, kind, name string, form *regexp.Regexp, better func(string) string) {
	if form.MatchString(name) {
		return
	}
	d := n.diags.Errorf(pos, "bad-name", "%q is not the name of %s", name, kind)
	if b := better(name); form.MatchString(b) && b != name {
		d.WithHint("write %q", b)
	}
}

func (n nameChecker) module(m *ir.Module) {
	for _, t := range m.Types {
		n.check(t.Pos, "a type", t.Name, pascalForm, naming.Go)
		for _, v := range t.Values {
			n.check(v.Pos, "a value", v.Name, valueForm, naming.Snake)
		}
	}
	for _, a := range m.Aggregates {
		n.aggregate(a)
	}
	for _, x := range m.Projections {
		n.check(x.Pos, "a projection", x.Name, snakeForm, naming.Snake)
		if x.UniqueCode != "" {
			n.check(x.Pos, "an error", x.UniqueCode, codeForm, upper)
		}
	}
	for _, q := range m.Queries {
		n.check(q.Pos, "a query", q.Name, pascalForm, naming.Go)
		for _, d := range q.Derive {
			n.check(d.Pos, "a derived value", d.Name, snakeForm, naming.Snake)
		}
		for _, x := range q.Measures {
			n.check(x.Pos, "a measure", x.Name, snakeForm, naming.Snake)
		}
	}
	for _, o := range m.Operations {
		n.check(o.Pos, "an operation", o.Name, pascalForm, naming.Go)
		for _, f := range o.Failures {
			n.check(f.Pos, "an error", f.Code, codeForm, upper)
		}
	}
	for _, s := range m.Secrets {
		n.check(s.Pos, "a secret", s.Name, codeForm, upper)
	}
	for _, r := range m.Reactions {
		n.check(r.Pos, "a reaction", r.Name, pascalForm, naming.Go)
	}
	for _, set := range fieldSets(m) {
		for _, f := range set.fields {
			n.check(f.Pos, "a field", f.Name, snakeForm, naming.Snake)
		}
	}
}

func (n nameChecker) aggregate(a *ir.Aggregate) {
	n.check(a.Pos, "an aggregate", a.Name, pascalForm, naming.Go)
	n.check(a.Pos, "a plural", a.Plural, kebabForm, naming.Kebab)
	for _, e := range a.Events {
		n.check(e.Pos, "an event", e.Name, pascalForm, naming.Go)
	}
	requirements := a.Invariants
	for _, c := range a.Commands {
		n.check(c.Pos, "a command", c.Name, pascalForm, naming.Go)
		requirements = append(requirements[:len(requirements):len(requirements)], c.Require...)
		for _, f := range c.Facts {
			n.check(f.Pos, "a fact", f.Name, snakeForm, naming.Snake)
		}
	}
	for _, l := range a.Limits {
		n.check(l.Pos, "a limit", l.Name, snakeForm, naming.Snake)
		n.check(l.Pos, "an error", l.Code, codeForm, upper)
	}
	for _, t := range a.Timers {
		n.check(t.Pos, "a timer", t.Name, snakeForm, naming.Snake)
	}
	for _, r := range requirements {
		n.check(r.Pos, "an error", r.Code, codeForm, upper)
	}
}
