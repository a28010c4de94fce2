// Package pipeline goes from specs to files: load, check, emit. It writes
// nothing; what to do with the files is the caller's choice.
package pipeline

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/oksai/oksai/codegen/check"
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/load"
)

// Files are the generated files: path, with slashes, to content.
type Files map[string][]byte

// Emitter makes the files of one target.
type Emitter interface {
	Name() string
	Emit(*ir.Platform) (map[string][]byte, error)
}

// Config says how to run.
type Config struct {
	Dir      string // the name of the specs' folder, for positions
	Emitters []Emitter
}

// Check loads and checks specs. The model is complete only if the list has no errors.
func Check(specs fs.FS, dir string) (*ir.Platform, diag.List) {
	p, diags := load.FS(specs, dir)
	if !diags.HasErrors() {
		diags = append(diags, check.Platform(p)...)
	}
	return p, diags.Sorted()
}

// Run loads, checks and emits. The list is what is wrong with the specs; an
// error is a fault of the generator, since checked specs can be emitted.
func Run(ctx context.Context, specs fs.FS, c Config) (Files, diag.List, error) {
	p, diags := Check(specs, c.Dir)
	if diags.HasErrors() {
		return nil, diags, nil
	}
	files, owners := Files{}, map[string]string{}
	for _, e := range c.Emitters {
		if err := ctx.Err(); err != nil {
			return nil, diags, err
		}
		made, err := e.Emit(p)
		if err != nil {
			return nil, diags, fmt.Errorf("emit %s (checked specs can be emitted: please report this): %w", e.Name(), err)
		}
		for path, content := range made {
			if other, twice := owners[path]; twice {
				return nil, diags, fmt.Errorf("emit %s: %s is written by %s already", e.Name(), path, other)
			}
			files[path], owners[path] = content, e.Name()
		}
	}
	return files, diags, nil
}
