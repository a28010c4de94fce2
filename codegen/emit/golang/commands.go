package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// commandsFile declares an aggregate's commands and what their values must be.
func (g *module) commandsFile(a *ir.Aggregate) *file {
	f := g.newFile(naming.Snake(a.Name) + "_commands.go")
	for _, c := range a.Commands {
		name := naming.Go(c.Name)
		f.comment("%s", does(name, c.Doc, "is a command of "+a.Name+"."))
		f.fn(jen.Type().Id(name).Struct(g.structFields(c.Input)...))
		g.logValue(f, name, c.Input)
		g.constructor(f, name, c.Input)
		g.structNormalize(f, name, c.Input)
		g.validateMethod(f, name, c.Input)
		g.streamID(f, a, c)
	}
	return f
}

// commandContext is what a decision may need besides state and command.
type commandContext struct{ facts, caller bool }

// contextOf tells what the decision of a command looks at. A handwritten one
// gets no caller: what it needs of one is a fact.
func contextOf(c *ir.Command) commandContext {
	return commandContext{facts: len(c.Facts) > 0, caller: uses("context", decisionExprs(c)...)}
}

// decisionExprs are the expressions that a command's decision evaluates.
func decisionExprs(c *ir.Command) []*ir.Expr {
	exprs := []*ir.Expr{c.UnchangedIf}
	for _, r := range c.Require {
		exprs = append(exprs, r.If)
	}
	for _, e := range c.Emits {
		exprs = append(exprs, e.When)
		for _, f := range e.Fields {
			exprs = append(exprs, f.Value)
		}
	}
	return exprs
}

// callerRoot is what expressions call context.
func callerRoot() root {
	of := func(field string) func() *jen.Statement {
		return func() *jen.Statement { return jen.Id("caller").Dot(field) }
	}
	return root{
		code:    func() *jen.Statement { return jen.Id("caller") },
		fields:  []*ir.Field{{Name: "user", Type: ir.Type{Kind: ir.UUID, Optional: true}}},
		special: map[string]func() *jen.Statement{"tenant_id": of("Tenant"), "subject": of("Subject"), "roles": of("Roles")},
	}
}

func factsRoot(facts []*ir.Fact) root {
	return root{code: func() *jen.Statement { return jen.Id("facts") }, fields: factFields(facts)}
}

// factFields are the facts as the fields of a struct.
func factFields(facts []*ir.Fact) []*ir.Field {
	var fields []*ir.Field
	for _, f := range facts {
		fields = append(fields, &ir.Field{Name: f.Name, Type: f.Type, Pos: f.Pos})
	}
	return fields
}

func commandRoot(variable string, c *ir.Command) root {
	return root{code: func() *jen.Statement { return jen.Id(variable) }, fields: c.Input}
}

// callerType is command.Caller.
func callerType() *jen.Statement { return snip.Command("Caller") }
