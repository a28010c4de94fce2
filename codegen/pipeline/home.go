package pipeline

import (
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Home is the module that emitters write for, and the one of the runtime.
const Home = "github.com/oksai/oksai"

// In returns the files for a module of another path: the packages that are
// generated import one another there. The runtime stays where it is.
func (f Files) In(module string) (Files, error) {
	if module == Home {
		return f, nil
	}
	moved := maps.Clone(f)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if path.Ext(name) != ".go" {
			continue
		}
		source, err := moveImports(f[name], module)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		moved[name] = source
	}
	return moved, nil
}

func moveImports(source []byte, module string) ([]byte, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var moved []byte
	done := 0
	for _, i := range parsed.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		if below, ours := strings.CutPrefix(imported, Home); ours && isGeneratedPackage(below) {
			at := files.Position(i.Path.Pos()).Offset
			moved = append(append(moved, source[done:at]...), strconv.Quote(module+below)...)
			done = at + len(i.Path.Value)
		}
	}
	if done == 0 {
		return source, nil
	}
	return format.Source(append(moved, source[done:]...)) // sorts the imports anew
}

// isGeneratedPackage tells whether a package of ours is generated, by its path below the module.
func isGeneratedPackage(below string) bool {
	return slices.ContainsFunc([]string{"/gen", "/openapi", "/sql"}, func(dir string) bool {
		return below == dir || strings.HasPrefix(below, dir+"/")
	})
}
