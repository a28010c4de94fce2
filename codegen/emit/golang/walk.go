package golang

import "github.com/oksai/oksai/codegen/ir"

// walkTypes visits the type of every input and struct field, with a name for it.
func (g *module) walkTypes(visit func(name string, t ir.Type)) {
	fields := func(list []*ir.Field) {
		for _, f := range list {
			walkType(f.Name, f.Type, visit)
		}
	}
	for _, def := range g.Types {
		if def.Type.Kind == ir.Struct {
			fields(def.Fields)
		}
	}
	for _, o := range g.Operations {
		fields(o.Input)
	}
	for _, a := range g.Aggregates {
		for _, c := range a.Commands {
			fields(c.Input)
		}
	}
}

func walkType(name string, t ir.Type, visit func(name string, t ir.Type)) {
	if t.Def != nil && t.Kind != ir.Struct {
		name = t.Def.Name
	}
	visit(name, t)
	for _, inner := range []*ir.Type{t.Elem, t.Key} {
		if inner != nil {
			walkType(name, *inner, visit)
		}
	}
}

// walkExprs visits every node of every expression that becomes Go code of this module.
func (g *module) walkExprs(visit func(*ir.Expr)) {
	for _, a := range g.Aggregates {
		for _, c := range a.Commands {
			walkExpr(c.ID, visit)
			walkExpr(c.By, visit)
			walkExpr(c.UnchangedIf, visit)
			walkFacts(c.Facts, visit)
			walkRequirements(c.Require, visit)
			for _, e := range c.Emits {
				walkExpr(e.When, visit)
				walkAssignments(e.Fields, visit)
			}
		}
		for _, e := range a.Events {
			walkAssignments(e.Sets, visit)
		}
		walkRequirements(a.Invariants, visit)
		for _, l := range a.Limits {
			walkExpr(l.Counts, visit)
			walkExpr(l.Bound, visit)
			walkFacts(l.Facts, visit)
		}
		for _, t := range a.Timers {
			walkExpr(t.At, visit)
			walkExpr(t.While, visit)
			walkAssignments(t.With, visit)
		}
	}
	g.walkReadSide(visit)
}

func (g *module) walkReadSide(visit func(*ir.Expr)) {
	for _, p := range g.Projections {
		for _, h := range p.Handlers {
			walkAssignments(h.Key, visit)
			walkExpr(h.When, visit)
			for _, s := range h.Steps {
				walkExpr(s.Value, visit)
			}
		}
	}
	for _, r := range g.Reactions {
		walkExpr(r.When, visit)
		walkExpr(r.ID, visit)
		walkExpr(r.By, visit)
		walkAssignments(r.With, visit)
	}
}

func walkFacts(list []*ir.Fact, visit func(*ir.Expr)) {
	for _, f := range list {
		walkExpr(f.ID, visit)
	}
}

func walkRequirements(list []*ir.Requirement, visit func(*ir.Expr)) {
	for _, r := range list {
		walkExpr(r.If, visit)
	}
}

func walkAssignments(list []*ir.Assignment, visit func(*ir.Expr)) {
	for _, a := range list {
		walkExpr(a.Value, visit)
	}
}

func walkExpr(e *ir.Expr, visit func(*ir.Expr)) {
	if e == nil {
		return
	}
	visit(e)
	for _, a := range e.Args {
		walkExpr(a, visit)
	}
}

// uses tells whether any of the expressions has a variable with this root.
func uses(root string, list ...*ir.Expr) bool {
	found := false
	for _, e := range list {
		walkExpr(e, func(n *ir.Expr) {
			found = found || n.Op == ir.Variable && n.Path[0] == root
		})
	}
	return found
}
