package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// renames: what was renamed has a name of its own, and had one: two things
// cannot be stored under one name.
//
//	good: events: {JobStarted: {was: JobBegun}}
//	bad:  events: {JobStarted: {was: JobBegun}, JobBegun: {}}
func renames(p *ir.Platform, diags *diag.List) {
	for _, m := range p.Modules {
		aggregates, events := storedNames{diags: diags}, storedNames{diags: diags}
		for _, a := range m.Aggregates {
			aggregates.add(a.Name, a.Was, a.Pos)
			for _, e := range a.Events {
				events.add(e.Name, e.Was, e.Pos)
			}
		}
		aggregates.judge()
		events.judge()
		for _, set := range fieldSets(m) {
			fields := storedNames{diags: diags}
			for _, f := range set.fields {
				fields.add(f.Name, f.Was, f.Pos)
			}
			fields.judge()
		}
	}
}

// storedNames are the names that things of one kind have, and had.
type storedNames struct {
	diags *diag.List
	all   []storedName
}

type storedName struct {
	name, was string
	pos       ir.Pos
}

func (s *storedNames) add(name, was string, pos ir.Pos) {
	s.all = append(s.all, storedName{name, was, pos})
}

func (s *storedNames) judge() {
	for i, n := range s.all {
		if n.was == "" {
			continue
		}
		if n.was == n.name {
			s.diags.Errorf(n.pos, "bad-was", "%s was not renamed", n.name).WithHint("remove `was`")
		}
		for j, other := range s.all {
			if i != j && (n.was == other.name || n.was == other.was && i > j) {
				s.diags.Errorf(n.pos, "bad-was", "%s was not called %s: that is another one", n.name, n.was).WithRelated(other.pos, "the other one")
			}
		}
	}
}
