// Package check judges a model that could be loaded: one rule of the language
// per file, each with a good and a bad example. A model without errors can be
// emitted.
package check

import (
	"iter"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// Platform applies all rules to a model and returns what they say.
func Platform(p *ir.Platform) diag.List {
	var diags diag.List
	for _, rule := range rules() {
		rule(p, &diags)
	}
	return diags.Sorted()
}

func rules() []func(*ir.Platform, *diag.List) {
	return []func(*ir.Platform, *diag.List){
		nameForms, reservedNames, collisions, structCycles, moduleCycles,
		appPorts, appModules, topics, operators, tenancyScope, pageSizes, platformRole,
		creation, completeStates, unusedEvents, eventVersions, renames, callers,
		limitScopes, timerCommands, examples,
		projectionStores, projectionKeys, inlineEvents, duplicateHandlers, completeRows, columnUses, opaqueColumns, measureForms, mapShapes,
		queryStores, findKeys, queryCallers, operationForms, secretNames, routes,
	}
}

// aggregates goes through all aggregates, with their modules.
func aggregates(p *ir.Platform) iter.Seq2[*ir.Module, *ir.Aggregate] {
	return func(yield func(*ir.Module, *ir.Aggregate) bool) {
		for _, m := range p.Modules {
			for _, a := range m.Aggregates {
				if !yield(m, a) {
					return
				}
			}
		}
	}
}

// projections goes through all projections, with their modules.
func projections(p *ir.Platform) iter.Seq2[*ir.Module, *ir.Projection] {
	return func(yield func(*ir.Module, *ir.Projection) bool) {
		for _, m := range p.Modules {
			for _, x := range m.Projections {
				if !yield(m, x) {
					return
				}
			}
		}
	}
}

// queries goes through all queries, with their modules.
func queries(p *ir.Platform) iter.Seq2[*ir.Module, *ir.Query] {
	return func(yield func(*ir.Module, *ir.Query) bool) {
		for _, m := range p.Modules {
			for _, q := range m.Queries {
				if !yield(m, q) {
					return
				}
			}
		}
	}
}

// fieldSet is a group of fields that share a scope of names.
type fieldSet struct {
	what   string
	fields []*ir.Field
}

// fieldSets lists every group of fields of a module.
func fieldSets(m *ir.Module) []fieldSet {
	var all []fieldSet
	for _, t := range m.Types {
		all = append(all, fieldSet{t.Name, t.Fields}, fieldSet{t.Name, t.Attributes})
	}
	for _, a := range m.Aggregates {
		all = append(all, fieldSet{"the state of " + a.Name, a.State})
		for _, c := range a.Commands {
			all = append(all, fieldSet{c.Name, c.Input})
		}
		for _, e := range a.Events {
			all = append(all, fieldSet{e.Name, e.Fields})
		}
	}
	for _, o := range m.Operations {
		all = append(all, fieldSet{o.Name, o.Input}, fieldSet{"the output of " + o.Name, o.Output})
	}
	for _, e := range m.External {
		all = append(all, fieldSet{e.Name, e.Fields})
	}
	for _, p := range m.Projections {
		all = append(all, fieldSet{p.Name, append(append([]*ir.Field{}, p.Key...), p.Columns...)})
	}
	return all
}
