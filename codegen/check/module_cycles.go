package check

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// moduleCycles: modules that use each other's facts, types, events or commands form no circle.
//
//	good: job uses facts of tenant
//	bad:  job uses facts of tenant, and tenant has a type of job
func moduleCycles(p *ir.Platform, diags *diag.List) {
	uses := map[string][]moduleUse{}
	for _, m := range p.Modules {
		uses[m.Name] = usesOf(m)
	}
	reported := map[string]bool{}
	for _, m := range p.Modules {
		path := wayBack(m.Name, m.Name, uses, nil)
		if path == nil || reported[key(path)] {
			continue
		}
		reported[key(path)] = true
		d := diags.Errorf(path[0].pos, "module-cycle", "the module %s uses itself in a circle: %s", m.Name, circle(m.Name, path)).
			WithHint("say one of these through events of an external topic, or join the modules")
		for _, u := range path[1:] {
			d.WithRelated(u.pos, "%s is used here", u.module)
		}
	}
}

// moduleUse is a place where a module names another one.
type moduleUse struct {
	module string
	pos    diag.Pos
}

// usesOf lists the other modules that a module's Go would import.
func usesOf(m *ir.Module) []moduleUse {
	all := needsOf(m)
	for _, a := range m.Aggregates {
		for _, f := range a.Facts() {
			if f.Aggregate.Module != m.Name {
				all = append(all, moduleUse{f.Aggregate.Module, f.Pos})
			}
		}
	}
	return all
}

// needsOf lists the other modules that must be in an app with this one. Those of
// facts need not: their events are in the log, which all apps share.
func needsOf(m *ir.Module) []moduleUse {
	var all []moduleUse
	add := func(module string, pos diag.Pos) {
		if module != "" && module != m.Name {
			all = append(all, moduleUse{module, pos})
		}
	}
	for _, set := range fieldSets(m) {
		for _, f := range set.fields {
			if f.Type.Def != nil {
				add(f.Type.Def.Module, f.Pos)
			}
			if f.Type.Elem != nil && f.Type.Elem.Def != nil {
				add(f.Type.Elem.Def.Module, f.Pos)
			}
		}
	}
	for _, x := range m.Projections {
		for _, h := range x.Handlers {
			add(h.Aggregate.Module, h.Pos)
		}
	}
	for _, r := range m.Reactions {
		add(r.Target.Module, r.Pos)
		if r.Source != nil {
			add(r.Source.Module, r.Pos)
		}
	}
	return all
}

// wayBack returns the uses that lead from one module to another, or nil.
func wayBack(from, to string, uses map[string][]moduleUse, seen []string) []moduleUse {
	for _, u := range uses[from] {
		if u.module == to {
			return []moduleUse{u}
		}
		if slices.Contains(seen, u.module) {
			continue
		}
		seen = append(seen, u.module)
		if rest := wayBack(u.module, to, uses, seen); rest != nil {
			return append([]moduleUse{u}, rest...)
		}
	}
	return nil
}

// key names a circle whatever module it is entered by.
func key(path []moduleUse) string {
	var names []string
	for _, u := range path {
		names = append(names, u.module)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func circle(start string, path []moduleUse) string {
	names := []string{start}
	for _, u := range path {
		names = append(names, u.module)
	}
	return strings.Join(names, " → ")
}
