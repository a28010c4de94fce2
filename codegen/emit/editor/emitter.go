// Package editor emits the JSON Schemas by which editors complete and check
// specs while they are written.
package editor

import (
	"path"

	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
)

// Emitter writes .schema below the folder of the specs.
type Emitter struct{ specs string }

// New returns the emitter; specs is the specs' folder, relative to what is generated into.
func New(specs string) Emitter { return Emitter{specs} }

// Name identifies the emitter in messages.
func (Emitter) Name() string { return "editor" }

// Emit returns a schema for platform.yaml and one for the files of modules.
func (e Emitter) Emit(*ir.Platform) (map[string][]byte, error) {
	return map[string][]byte{
		path.Join(e.specs, ".schema/platform.json"): grammar.Schema(grammar.Platform),
		path.Join(e.specs, ".schema/module.json"):   grammar.Schema(grammar.Module),
	}, nil
}
