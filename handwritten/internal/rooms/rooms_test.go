// Package rooms holds the house rule of who may import whom.
package rooms

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/oksai/oksai/"

// rules lists, for each room, the rooms it must not know, and what to do instead.
var rules = []struct{ room, banned, instead string }{
	{"handwritten/runtime/", "gen/", "pass what is needed through a parameter: generated code calls the runtime, never the other way"},
	{"handwritten/runtime/", "handwritten/domains/", "the runtime knows no business rule; put an interface into the runtime and let the app wire it"},
	{"handwritten/runtime/", "handwritten/apps/", "apps compose; nothing imports them"},
	{"gen/", "handwritten/domains/", "generate an interface and let the domain implement it"},
	{"gen/", "handwritten/apps/", "apps compose; nothing imports them"},
	{"handwritten/domains/", "handwritten/apps/", "apps compose; nothing imports them"},
	{"handwritten/domains/", "handwritten/runtime/eventstore", "rules are pure: take facts as parameters and return events"},
	{"handwritten/", "codegen/", "the generator stays out of products; generate what is needed"},
	{"gen/", "codegen/", "the generator stays out of products; generate what is needed"},
	{"codegen/", "handwritten/", "the generator names runtime packages as text (emit/golang/snip); it does not import them"},
	{"codegen/", "gen/", "the generator does not import what it writes"},
}

func TestRoomsKeepTheirDistance(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") { // Go does not look there either
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			files++
			checkFile(t, root, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("only %d files were looked at: is the root %s right?", files, root)
	}
}

func checkFile(t *testing.T, root, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	place, _ := filepath.Rel(root, path)
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		for _, r := range rules {
			if strings.HasPrefix(place, r.room) && strings.HasPrefix(imported, module+r.banned) {
				t.Errorf("%s imports %s: %s", place, imported, r.instead)
			}
		}
	}
}
