// Package load turns specs into the model: it reads the files, binds every
// name, fills in every default and types every expression. What it returns
// beside errors is incomplete; only a model without errors may be emitted.
package load

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// Dir loads the specs of a folder: platform.yaml and, for each module, a file
// or a folder of files. Positions name files as the folder was given.
func Dir(dir string) (*ir.Platform, diag.List) {
	return FS(os.DirFS(dir), filepath.ToSlash(filepath.Clean(dir)))
}

// FS loads the specs in a file system; dir is its name in positions.
func FS(fsys fs.FS, dir string) (*ir.Platform, diag.List) {
	l := &loader{dir: dir, platform: &ir.Platform{}}
	l.readFiles(fsys)
	if !l.diags.HasErrors() {
		l.load()
	}
	return l.platform, l.diags.Sorted()
}

// loader holds what the phases share.
type loader struct {
	dir      string
	diags    diag.List
	platform *ir.Platform
	root     *syntax.Reader // of platform.yaml
	modules  []*module
	later    []func() // defaults, which need all types
}

// load runs the phases. Each needs only what those before it have bound, in all modules.
func (l *loader) load() {
	l.readPlatform()
	l.each((*module).expandProcesses)
	l.each((*module).declareTypes)
	l.each((*module).declareAggregates)
	l.each((*module).defineTypes)
	l.each((*module).defineStates)
	l.each((*module).defineMessages)
	l.each((*module).defineExternals)
	l.each((*module).defineOperations)
	l.each((*module).defineSecrets)
	l.each((*module).defineProjections)
	for _, resolve := range l.later {
		resolve()
	}
	l.each((*module).resolveAggregates)
	l.each((*module).resolveProjections)
	l.each((*module).resolveQueries)
	l.each((*module).resolveReactions)
	l.resolveTenancy()
	l.finish()
}

func (l *loader) each(phase func(*module)) {
	for _, m := range l.modules {
		phase(m)
	}
}

// finish reports what nobody read.
func (l *loader) finish() {
	l.root.Done()
	for _, m := range l.modules {
		m.spec.Done()
	}
}

func (l *loader) module(name string) *module {
	for _, m := range l.modules {
		if m.ir.Name == name {
			return m
		}
	}
	return nil
}

func (l *loader) moduleNames() []string {
	var names []string
	for _, m := range l.modules {
		names = append(names, m.ir.Name)
	}
	return names
}

// module is a module that is being loaded.
type module struct {
	*loader
	ir          *ir.Module
	spec        *syntax.Reader
	types       []*declaration
	aggregates  []*aggregate
	projections []*projection
	processes   []string // the aggregates that were made of processes
}

// aggregate is an aggregate that is being loaded, with what is still to be read.
type aggregate struct {
	ir       *ir.Aggregate
	spec     *syntax.Reader
	commands []*syntax.Reader // one for each of ir.Commands
	events   []*syntax.Reader // one for each of ir.Events
}

func (m *module) aggregate(name string) *aggregate {
	for _, a := range m.aggregates {
		if a.ir.Name == name {
			return a
		}
	}
	return nil
}

func (m *module) errorf(pos diag.Pos, code, format string, args ...any) *diag.Diagnostic {
	return m.diags.Errorf(pos, code, format, args...)
}

// value reads a literal or =expression and reports one that may be absent where the type needs a value.
func (l *loader) value(n *syntax.Node, want ir.Type, scope expr.Scope) *ir.Expr {
	e := expr.Value(n, want, scope, &l.diags)
	expr.Required(e, want, scope, &l.diags)
	return e
}
