// Package golang emits the domain packages gen/<module>: types, states, events,
// commands, their codecs, decisions, read models, reactions and timers.
//
// One file of this package emits one kind of output. Above each dense block a
// comment shows the Go that it makes. A spec that passed the checks must not
// fail here; what fails nevertheless is reported with its position.
package golang

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/tools/imports"

	"github.com/oksai/oksai/codegen/ir"
)

// home is the module that is written for.
const home = "github.com/oksai/oksai"

// Emitter writes the domain packages.
type Emitter struct{}

// New returns the emitter.
func New() Emitter { return Emitter{} }

// Name identifies the emitter in messages.
func (Emitter) Name() string { return "golang" }

// Emit returns the files of all modules, by path.
func (Emitter) Emit(p *ir.Platform) (map[string][]byte, error) {
	if err := checkCycles(p); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	var failed []error
	for _, m := range p.Modules {
		g := &module{Module: m, platform: p}
		for _, f := range g.files() {
			source, err := render(f)
			failed = append(failed, err)
			files[f.path] = source
		}
		failed = append(failed, g.errs...)
	}
	return files, errors.Join(failed...)
}

// render prints a file; jennifer sorts the imports, and the standard library is set apart afterwards.
func render(f *file) ([]byte, error) {
	var b bytes.Buffer
	if err := f.Render(&b); err != nil {
		return nil, fmt.Errorf("render %s: %w", f.path, err)
	}
	source, err := imports.Process(f.path, b.Bytes(), &imports.Options{FormatOnly: true, Comments: true, TabIndent: true, TabWidth: 8})
	if err != nil {
		return nil, fmt.Errorf("group the imports of %s: %w", f.path, err)
	}
	return source, nil
}
