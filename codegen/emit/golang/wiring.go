package golang

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// What the emitter of the wiring has to know of the domain packages.

// HasRules tells whether a module has something that people write: its package then has an interface Rules.
func HasRules(m *ir.Module) bool {
	for _, a := range m.Aggregates {
		for _, c := range a.Commands {
			if c.Handwritten {
				return true
			}
		}
	}
	return HasAppliers(m) || HasMaps(m)
}

// HasAppliers tells whether an event's fold, or an inline projection, is
// handwritten: NewRepositories then takes Rules after the store.
func HasAppliers(m *ir.Module) bool {
	return slices.ContainsFunc(m.Aggregates, func(a *ir.Aggregate) bool { return takesRules(m, a) })
}

// takesRules tells whether what the runtime has to know of an aggregate depends on the rules.
func takesRules(m *ir.Module, a *ir.Aggregate) bool {
	return hasAppliers(a) || slices.ContainsFunc(m.Projections, func(p *ir.Projection) bool {
		return p.Inline && isMapped(p) && slices.Contains(sources(p), a)
	})
}

// HasMaps tells whether a projection that follows the log is handwritten: the
// module's server then takes Rules after the repositories.
func HasMaps(m *ir.Module) bool { return HasMapsIn(m, ir.ClickHouse) || HasMapsIn(m, ir.Postgres) }

// HasMapsIn tells that of the projections in a store: Models, or Tables, then take Rules.
func HasMapsIn(m *ir.Module, store ir.Store) bool {
	return slices.ContainsFunc(m.Projections, func(p *ir.Projection) bool { return p.Store == store && !p.Inline && isMapped(p) })
}

// isMapped tells whether a handler of the projection is handwritten.
func isMapped(p *ir.Projection) bool {
	return slices.ContainsFunc(p.Handlers, func(h *ir.Handler) bool { return h.Handwritten })
}

func hasAppliers(a *ir.Aggregate) bool {
	return slices.ContainsFunc(a.Events, func(e *ir.Event) bool { return e.Handwritten })
}

// HasDefaults tells whether a command or struct with these fields has a constructor New….
func HasDefaults(fields []*ir.Field) bool {
	return slices.ContainsFunc(fields, func(f *ir.Field) bool { return f.Default != nil && !isNull(f.Default) })
}

// FactModules names the other modules whose facts an aggregate's commands and limits use, sorted.
func FactModules(a *ir.Aggregate) []string {
	var names []string
	for _, f := range a.Facts() {
		if f.Aggregate.Module != a.Module {
			names = append(names, f.Aggregate.Module)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ReactionTargets are the aggregates whose commands a module's reactions run,
// sorted by module and name: Reactions takes one runner of each.
func ReactionTargets(m *ir.Module) []*ir.Aggregate {
	var targets []*ir.Aggregate
	for _, r := range m.Reactions {
		targets = append(targets, r.Target)
	}
	slices.SortFunc(targets, func(a, b *ir.Aggregate) int {
		return strings.Compare(a.Module+"."+a.Name, b.Module+"."+b.Name)
	})
	return slices.Compact(targets)
}

// TimerAggregates are a module's aggregates with timers: Timers takes one runner of each.
func TimerAggregates(m *ir.Module) []*ir.Aggregate {
	return slices.DeleteFunc(slices.Clone(m.Aggregates), func(a *ir.Aggregate) bool { return len(a.Timers) == 0 })
}

// needs names the modules whose domain package a module's own imports.
func moduleNeeds(m *ir.Module) []string {
	var names []string
	add := func(a *ir.Aggregate) {
		if a != nil && a.Module != m.Name {
			names = append(names, a.Module)
		}
	}
	for _, a := range m.Aggregates {
		for _, f := range a.Facts() {
			add(f.Aggregate)
		}
	}
	for _, p := range m.Projections {
		for _, h := range p.Handlers {
			add(h.Aggregate)
		}
	}
	for _, r := range m.Reactions {
		add(r.Source)
		add(r.Target)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkCycles reports modules that need each other: Go packages cannot.
func checkCycles(p *ir.Platform) error {
	needs := map[string][]string{}
	for _, m := range p.Modules {
		needs[m.Name] = moduleNeeds(m)
	}
	for _, m := range p.Modules {
		if way := wayBack(needs, m.Name, []string{m.Name}); way != nil {
			return fmt.Errorf("%s: modules cannot need each other in a circle (%s): move one of the facts, reactions or projections that lead there to another module", m.Pos, strings.Join(way, " → "))
		}
	}
	return nil
}

// wayBack finds a path from the last of way to target, nil if there is none.
func wayBack(needs map[string][]string, target string, way []string) []string {
	for _, next := range needs[way[len(way)-1]] {
		longer := append(slices.Clone(way), next)
		if next == target {
			return longer
		}
		if !slices.Contains(way, next) {
			if found := wayBack(needs, target, longer); found != nil {
				return found
			}
		}
	}
	return nil
}
