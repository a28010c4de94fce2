// Package expr reads the expressions of a spec: CEL's syntax, checked against
// exactly the names that are known in their place, resolved to ir.Expr. CEL's
// own checker is not used: it knows neither enums nor optional fields, and its
// messages name types that no author wrote.
package expr

import (
	"maps"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// Scope is what an expression may name.
type Scope struct {
	roots   []Root
	present map[string]bool // optional paths that a condition proved to be there
}

// Root is a first name: either a value of a type (now), or a set of fields (state).
type Root struct {
	Name   string
	Type   *ir.Type
	Fields []*ir.Field
	// Optional roots may not be there at all; `exists` tells.
	Optional bool
}

// NewScope returns a scope of these roots.
func NewScope(roots ...Root) Scope { return Scope{roots: roots} }

// Given returns the scope where the condition holds: optional fields that it
// proves to be present may be used as if they were required.
func (s Scope) Given(condition *ir.Expr) Scope {
	return s.proving(proofs(condition, true))
}

func (s Scope) proving(paths []string) Scope {
	present := maps.Clone(s.present)
	if present == nil {
		present = map[string]bool{}
	}
	for _, p := range paths {
		present[p] = true
	}
	s.present = present
	return s
}

// proofs lists the optional paths that must be present when e has this outcome.
func proofs(e *ir.Expr, outcome bool) []string {
	switch {
	case e == nil:
		return nil
	case e.Op == ir.Has && outcome:
		return []string{strings.Join(e.Args[0].Path, ".")}
	case e.Op == ir.Not:
		return proofs(e.Args[0], !outcome)
	case e.Op == ir.And && outcome, e.Op == ir.Or && !outcome:
		return append(proofs(e.Args[0], outcome), proofs(e.Args[1], outcome)...)
	}
	return nil
}

// absent reports whether the value of e may be missing when it is evaluated in this scope.
func (s Scope) absent(e *ir.Expr) bool {
	if e.Op != ir.Variable || !e.Type.Optional {
		return e.Type.Optional
	}
	root := s.root(e.Path[0])
	if root.Optional && !s.proved(e.Path[:1]) {
		return true
	}
	fields := root.Fields
	for i, name := range e.Path[1:] {
		f := ir.FieldNamed(fields, name)
		if f.Type.Optional && !s.proved(e.Path[:i+2]) {
			return true
		}
		if f.Type.Kind == ir.Struct {
			fields = f.Type.Def.Fields
		}
	}
	return false
}

// proved reports whether a path, or something below it, is known to be present.
func (s Scope) proved(path []string) bool {
	prefix := strings.Join(path, ".")
	for p := range s.present {
		if p == prefix || strings.HasPrefix(p, prefix+".") {
			return true
		}
	}
	return false
}

func (s Scope) root(name string) *Root {
	for i := range s.roots {
		if s.roots[i].Name == name {
			return &s.roots[i]
		}
	}
	return nil
}

// exists is how expressions ask whether the optional root is there.
const exists = "exists"

// optional is the root that may not be there, or nil.
func (s Scope) optional() *Root {
	for i := range s.roots {
		if s.roots[i].Optional {
			return &s.roots[i]
		}
	}
	return nil
}

func (s Scope) names() []string {
	names := make([]string, len(s.roots))
	for i, r := range s.roots {
		names[i] = r.Name
		if r.Optional {
			names = append(names, exists)
		}
	}
	return names
}
