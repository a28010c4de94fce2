package check

import (
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// collisions: what two names become in Go must differ. A module is one package:
// its types, aggregates, commands, events, projections, reactions and what is
// made for them share one scope.
//
//	good: types: {JobState: …}, aggregates: {Job: …}
//	bad:  types: {Jobs: …}, aggregates: {Job: …}     # Jobs runs the commands of Job
func collisions(p *ir.Platform, diags *diag.List) {
	for _, m := range p.Modules {
		s := newScope(diags)
		moduleScope(s, m)
		queryNames := newScope(diags)
		for _, q := range m.Queries {
			queryNames.add(q.Name, "query", q.Pos)
		}
		for _, o := range m.Operations {
			queryNames.add(o.Name, "operation", o.Pos)
		}
		for _, a := range m.Aggregates {
			for _, c := range a.Commands {
				queryNames.add(c.Name, "command", c.Pos) // both are operations of one API
			}
		}
		meansScope(newScope(diags), m)
		for _, set := range fieldSets(m) {
			fields := newScope(diags)
			for _, f := range set.fields {
				fields.add(naming.Go(f.Name), "field of "+set.what, f.Pos)
			}
		}
	}
	apps := newScope(diags)
	for _, a := range p.Apps {
		apps.add(naming.Package(a.Name), "app", a.Pos)
	}
}

func moduleScope(s *scope, m *ir.Module) {
	s.fixed("Rules", "UnimplementedRules", "Repositories", "NewRepositories", "Reactions", "Timers", "Models", "Tables", "Operations", "UnimplementedOperations", "Means")
	for _, t := range m.Types {
		s.add(naming.Go(t.Name), "type", t.Pos)
		for _, v := range t.Values {
			s.add(naming.Go(t.Name)+naming.Go(v.Name), "value of "+t.Name, v.Pos)
		}
	}
	for _, a := range m.Aggregates {
		s.add(a.Name, "aggregate", a.Pos)
		s.add(naming.Plural(a.Name), "commands of "+a.Name, a.Pos)
		s.add(a.Name+"Aggregate", "aggregate", a.Pos)
		s.add(a.Name+"Limits", "limits of "+a.Name, a.Pos)
		limits := newScope(s.diags)
		for _, l := range a.Limits {
			limits.add(l.Name, "limit", l.Pos)
		}
		for _, e := range a.Events {
			s.add(e.Name, "event", e.Pos)
		}
		for _, c := range a.Commands {
			s.add(c.Name, "command", c.Pos)
			if len(c.Facts) > 0 {
				s.add(c.Name+"Facts", "facts of "+c.Name, c.Pos)
			}
		}
	}
	for _, o := range m.Operations {
		s.add(o.Name, "operation", o.Pos)
		s.add(o.Name+"Result", "output of "+o.Name, o.Pos)
	}
	for _, x := range m.Projections {
		s.add(naming.Go(x.Name)+"Projection", "projection", x.Pos)
		s.add(naming.Go(x.Name)+"Row", "rows of "+x.Name, x.Pos)
		s.add(naming.Go(x.Name)+"Key", "key of "+x.Name, x.Pos)
	}
}

// meansScope holds what a module's operations are given.
func meansScope(s *scope, m *ir.Module) {
	s.fixed("Repositories")
	for _, a := range m.Aggregates {
		s.add(naming.Go(a.Plural), "commands of "+a.Name, a.Pos)
	}
	for _, x := range m.Secrets {
		s.add(naming.Go(strings.ToLower(x.Name)), "secret", x.Pos)
	}
}

// scope is a set of names that must differ.
type scope struct {
	taken map[string]use
	diags *diag.List
}

type use struct {
	what string
	pos  diag.Pos
}

func newScope(diags *diag.List) *scope { return &scope{map[string]use{}, diags} }

// fixed reserves names that the generator makes for every module.
func (s *scope) fixed(names ...string) {
	for _, n := range names {
		s.taken[n] = use{what: "name that every module has"}
	}
}

func (s *scope) add(name, what string, pos diag.Pos) {
	old, taken := s.taken[name]
	if !taken {
		s.taken[name] = use{what, pos}
		return
	}
	d := s.diags.Errorf(pos, "name-collision", "the %s and the %s are both called %s in Go", what, old.what, name).WithHint("rename one of them")
	if old.pos.Line > 0 {
		d.WithRelated(old.pos, "the %s", old.what)
	}
}
