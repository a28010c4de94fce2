package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/pipeline"
	"github.com/oksai/oksai/codegen/syntax"
)

// TestNothingIsAcceptedAndIgnored takes keys out of right specs. For each key of
// the language there must be a spec that is then wrong, or leads to other files.
func TestNothingIsAcceptedAndIgnored(t *testing.T) {
	t.Parallel()
	proven := map[string]bool{}
	for _, specs := range rightSpecs(t) {
		var whole pipeline.Files
		for name, file := range specs {
			root := syntax.Parse(name, file.Data, new(diag.List))
			visitKeys(root, rootShape(name), func(key string, without func() []byte) {
				if proven[key] {
					return
				}
				if whole == nil {
					whole = baseline(t, specs)
				}
				changed := maps.Clone(specs)
				changed[name] = &fstest.MapFile{Data: without()}
				files, right := generated(t, changed)
				proven[key] = !right || !reflect.DeepEqual(files, whole)
			})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(allKeys())) {
		if !proven[key] {
			t.Errorf("%s: no right spec changes without it: it is ignored, or testdata/good does not use it", key)
		}
	}
}

// baseline generates from specs, and makes sure that writing them out changes nothing.
func baseline(t *testing.T, specs fstest.MapFS) pipeline.Files {
	t.Helper()
	rewritten := fstest.MapFS{}
	for name, file := range specs {
		rewritten[name] = &fstest.MapFile{Data: written(syntax.Parse(name, file.Data, new(diag.List)))}
	}
	whole, right := generated(t, specs)
	same, _ := generated(t, rewritten)
	if !right || !reflect.DeepEqual(whole, same) {
		t.Fatalf("specs that were written out are right (%t), but not the same: %v", right, slices.Collect(maps.Keys(specs)))
	}
	return whole
}

func rootShape(file string) *grammar.Shape {
	if file == "platform.yaml" {
		return grammar.Platform
	}
	return grammar.Module
}

// rightSpecs are the good specs of the corpus and the platform's own.
func rightSpecs(t *testing.T) []fstest.MapFS {
	t.Helper()
	own := fstest.MapFS{}
	files, _ := filepath.Glob("../../../spec/*.yaml")
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		own[filepath.Base(f)] = &fstest.MapFile{Data: source}
	}
	all := []fstest.MapFS{own}
	cases, _ := filepath.Glob("../../testdata/good/*.txtar")
	for _, c := range cases {
		archive, err := txtar.ParseFile(c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ofArchive(archive))
	}
	if len(own) < 3 || len(all) < 20 {
		t.Fatalf("found %d own files and %d specs", len(own), len(all))
	}
	return all
}

// ofArchive adds a platform with all modules where there is none.
func ofArchive(a *txtar.Archive) fstest.MapFS {
	specs := fstest.MapFS{}
	var modules []string
	for _, f := range a.Files {
		specs[f.Name] = &fstest.MapFile{Data: f.Data}
		module, _, _ := strings.Cut(strings.TrimSuffix(f.Name, ".yaml"), "/")
		modules = append(modules, module)
	}
	if specs["platform.yaml"] == nil {
		specs["platform.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"platform: test\napps: {api: {port: 3000, modules: [%s]}}\nroles: [Member, PlatformAdmin]\n", strings.Join(slices.Compact(modules), ", "))}
	}
	return specs
}

// generated are the files of specs, if these are right; ogen and sqlc only carry on what the others say.
func generated(t *testing.T, specs fs.FS) (pipeline.Files, bool) {
	t.Helper()
	targets := slices.DeleteFunc(generateCommand{}.emitters(), func(e pipeline.Emitter) bool { return e.Name() == "ogen" || e.Name() == "sqlc" })
	files, diags, err := pipeline.Run(context.Background(), specs, pipeline.Config{Dir: "spec", Emitters: targets})
	if err != nil {
		t.Error(err)
	}
	return files, len(diags) == 0
}

// visitKeys visits the keys of the language in a mapping, each with a way to
// write the whole without it.
func visitKeys(root *syntax.Node, shape *grammar.Shape, visit func(key string, without func() []byte)) {
	var walk func(n *syntax.Node, v grammar.Value)
	mapping := func(n *syntax.Node, s *grammar.Shape) {
		for i, e := range n.Entries {
			k := s.Key(e.Key)
			if k == nil {
				continue
			}
			visit(s.Name+": "+k.Name, func() []byte {
				entries := n.Entries
				defer func() { n.Entries = entries }()
				n.Entries = slices.Delete(slices.Clone(entries), i, i+1)
				return written(root)
			})
			walk(e.Value, k.Value)
		}
	}
	walk = func(n *syntax.Node, v grammar.Value) {
		switch {
		case v.Kind == grammar.Either:
			for _, form := range v.Of {
				walk(n, form)
			}
		case v.Kind == grammar.Mapping && n.Kind == syntax.Mapping:
			mapping(n, v.Shape)
		case v.Kind == grammar.Names && n.Kind == syntax.Mapping:
			for _, e := range n.Entries {
				walk(e.Value, v.Of[0])
			}
		case v.Kind == grammar.List && n.Kind == syntax.Sequence:
			for _, item := range n.Items {
				walk(item, v.Of[0])
			}
		}
	}
	mapping(root, shape)
}

// allKeys are the keys that the grammar says are built.
func allKeys() map[string]bool {
	keys := map[string]bool{}
	var shape func(s *grammar.Shape)
	var value func(v grammar.Value)
	shape = func(s *grammar.Shape) {
		for _, k := range s.Keys {
			if name := s.Name + ": " + k.Name; k.How != grammar.NotBuilt && !keys[name] {
				keys[name] = true
				value(k.Value)
			}
		}
	}
	value = func(v grammar.Value) {
		if v.Shape != nil {
			shape(v.Shape)
		}
		for _, part := range v.Of {
			value(part)
		}
	}
	shape(grammar.Platform)
	shape(grammar.Module)
	return keys
}

// written is a node as YAML.
func written(n *syntax.Node) []byte {
	var b bytes.Buffer
	var write func(n *syntax.Node, indent string)
	write = func(n *syntax.Node, indent string) {
		switch {
		case n.Kind == syntax.Scalar && n.Quoted:
			b.WriteString(" " + strconv.Quote(n.Text) + "\n")
		case n.Kind == syntax.Scalar:
			b.WriteString(" " + n.Text + "\n")
		case n.Kind == syntax.Mapping && len(n.Entries) == 0:
			b.WriteString(" {}\n")
		case n.Kind == syntax.Sequence && len(n.Items) == 0:
			b.WriteString(" []\n")
		default:
			b.WriteString("\n")
		}
		for _, e := range n.Entries {
			b.WriteString(indent + strconv.Quote(e.Key) + ":")
			write(e.Value, indent+"  ")
		}
		for _, item := range n.Items {
			b.WriteString(indent + "-")
			write(item, indent+"  ")
		}
	}
	write(n, "")
	return b.Bytes()
}
