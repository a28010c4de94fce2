package load

import (
	"cmp"
	"io/fs"
	"path"
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// readFiles finds platform.yaml and the modules, and parses all of them.
func (l *loader) readFiles(fsys fs.FS) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		l.diags.Errorf(diag.Pos{File: l.dir}, "no-spec", "the specs cannot be read: %v", err)
		return
	}
	for _, e := range entries {
		switch {
		case e.IsDir():
			l.readModuleDir(fsys, e.Name())
		case e.Name() == "platform.yaml":
			l.root = syntax.Read(l.parse(fsys, e.Name()), grammar.Platform, &l.diags)
		case path.Ext(e.Name()) == ".yml":
			l.diags.Errorf(diag.Pos{File: path.Join(l.dir, e.Name())}, "no-spec", "specs end with .yaml").WithHint("rename the file")
		case path.Ext(e.Name()) == ".yaml":
			l.addModule(path.Base(l.dir)+"/"+e.Name(), []*syntax.Node{l.parse(fsys, e.Name())})
		}
	}
	if l.root == nil {
		l.diags.Errorf(diag.Pos{File: path.Join(l.dir, "platform.yaml")}, "no-spec", "there is no platform.yaml").
			WithHint("begin with `platform: <name>`, its apps and its roles")
	}
	slices.SortFunc(l.modules, func(a, b *module) int { return cmp.Compare(a.ir.Name, b.ir.Name) })
	for _, m := range l.modules {
		l.platform.Modules = append(l.platform.Modules, m.ir)
	}
}

func (l *loader) parse(fsys fs.FS, name string) *syntax.Node {
	file := path.Join(l.dir, name)
	source, err := fs.ReadFile(fsys, name)
	if err != nil {
		l.diags.Errorf(diag.Pos{File: file}, "no-spec", "the file cannot be read: %v", err)
		return nil
	}
	return syntax.Parse(file, source, &l.diags)
}

func (l *loader) readModuleDir(fsys fs.FS, name string) {
	files, err := fs.Glob(fsys, name+"/*.yaml")
	if err != nil || len(files) == 0 {
		return
	}
	var nodes []*syntax.Node
	for _, f := range files {
		nodes = append(nodes, l.parse(fsys, f))
	}
	l.addModule(path.Base(l.dir)+"/"+name, nodes)
}

// addModule makes one module of its files' sections.
func (l *loader) addModule(file string, nodes []*syntax.Node) {
	merged := &syntax.Node{Kind: syntax.Mapping}
	for _, n := range nodes {
		if n == nil {
			return // reported
		}
		if merged.Pos.File == "" {
			merged.Pos = n.Pos
		}
		l.merge(merged, n)
	}
	spec := syntax.Read(merged, grammar.Module, &l.diags)
	m := &module{loader: l, spec: spec, ir: &ir.Module{
		Name: spec.Text("module"), Doc: spec.Text("doc"), File: file, Pos: merged.Pos,
	}}
	if m.ir.Name == "" {
		l.diags.Errorf(merged.Pos, "missing-key", "the file does not say which module it is").WithHint("begin with `module: <name>`")
		return
	}
	if other := l.module(m.ir.Name); other != nil {
		l.diags.Errorf(merged.Get("module").Pos, "duplicate-name", "there are two modules %q", m.ir.Name).
			WithRelated(other.ir.Pos, "the other one").WithHint("put the files of one module into a folder")
		return
	}
	l.modules = append(l.modules, m)
}

// merge adds a file's entries to a module's; sections join, other keys are said once.
func (l *loader) merge(into, from *syntax.Node) {
	for _, e := range from.Entries {
		old := into.Get(e.Key)
		switch {
		case old == nil:
			into.Entries = append(into.Entries, e)
		case e.Key == "module" && old.Text == e.Value.Text:
		case old.Kind == syntax.Mapping && e.Value.Kind == syntax.Mapping:
			l.merge(old, e.Value)
		default:
			l.diags.Errorf(e.Pos, "duplicate-key", "%q is said twice", e.Key).WithRelated(old.Pos, "first said here")
		}
	}
}
