package golang

import (
	"slices"

	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// checkNames reports what would have the same Go name in one scope. Such names
// are the author's to choose; a silent suffix would only hide them.
func (g *module) checkNames() {
	package_ := &scope{g: g, taken: map[string]taken{}}
	for _, def := range g.Types {
		if def.Type.Kind != ir.Enum && def.Type.Kind != ir.Struct {
			continue
		}
		package_.add(naming.Go(def.Name), "the type "+def.Name, def.Pos)
		for _, v := range def.Values {
			package_.add(constName(def, v.Name), "the value "+v.Name+" of "+def.Name, def.Pos)
		}
		g.checkFields(def.Fields, "LogValue", "Normalize", "Check", "Equal", "Encode", "Decode")
	}
	for _, a := range g.Aggregates {
		g.aggregateNames(package_, a)
	}
	for _, o := range g.Operations {
		package_.add(o.Name, "the operation "+o.Name, o.Pos)
		package_.add(resultName(o), "the output of "+o.Name, o.Pos)
		methods := []string{"LogValue", "Normalize", "Prepare"}
		for _, f := range o.Failures {
			methods = append(methods, failureName(f))
		}
		g.checkFields(o.Input, methods...)
		g.checkFields(o.Output, "LogValue")
	}
	for _, e := range g.External {
		package_.add(externalName(e), "the external event "+e.Name, e.Pos)
		g.checkFields(e.Fields, "LogValue", "Decode")
	}
	for _, p := range g.Projections {
		package_.add(projectionVar(p), "the projection "+p.Name, p.Pos)
		package_.add(rowName(p), "the row of "+p.Name, p.Pos)
		package_.add(keyName(p), "the key of "+p.Name, p.Pos)
		g.checkFields(rowFields(p))
	}
	for _, name := range []string{"Rules", "UnimplementedRules", "Repositories", "NewRepositories", "Models", "Tables", "Reactions", "Timers", "Operations", "UnimplementedOperations", "Means"} {
		package_.add(name, "the generated "+name, g.Pos)
	}
}

func (g *module) aggregateNames(s *scope, a *ir.Aggregate) {
	name := naming.Go(a.Name)
	s.add(name, "the aggregate "+a.Name, a.Pos)
	s.add(runnerName(a), "the plural of "+a.Name, a.Pos)
	s.add(name+"Aggregate", "the description of "+a.Name, a.Pos)
	g.checkFields(a.State, "LogValue", "Apply", "Clone", "Encode", "Decode")
	for _, c := range a.Commands {
		s.add(naming.Go(c.Name), "the command "+c.Name, c.Pos)
		g.checkFields(c.Input, "LogValue", "Normalize", "Validate", "Decide", "StreamID")
		if len(c.Facts) > 0 {
			s.add(factsName(c), "the facts of "+c.Name, c.Pos)
		}
		if naming.Go(c.Name) == "Repository" {
			g.fail(c.Pos, "a command cannot be called Repository: generated code has a method of that name")
		}
	}
	for _, e := range a.Events {
		s.add(naming.Go(e.Name), "the event "+e.Name, e.Pos)
		g.checkFields(e.Fields, "EventType", "SchemaVersion", "Published", "AppendJSON", "LogValue", "Encode", "Decode")
	}
}

// checkFields reports fields that share a Go name, with each other or with a method.
func (g *module) checkFields(fields []*ir.Field, methods ...string) {
	var seen []string
	for _, f := range fields {
		name := naming.Go(f.Name)
		if slices.Contains(methods, name) || slices.Contains(seen, name) {
			g.fail(f.Pos, "the field %s would be %s in Go, which is taken: choose another name", f.Name, name)
		}
		seen = append(seen, name)
	}
}

// scope is the names of one Go package.
type scope struct {
	g     *module
	taken map[string]taken
}

type taken struct {
	by string
	at ir.Pos
}

func (s *scope) add(name, what string, at ir.Pos) {
	if other, ok := s.taken[name]; ok {
		s.g.fail(at, "%s and %s (%s) would both be %s in Go: rename one of them", what, other.by, other.at, name)
		return
	}
	s.taken[name] = taken{what, at}
}
