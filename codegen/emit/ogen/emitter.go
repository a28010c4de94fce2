// Package ogen emits the HTTP server and client code of each module, by the ogen
// library, from the module's OpenAPI document.
package ogen

import (
	"fmt"
	"sync"

	"github.com/ogen-go/ogen"
	"github.com/ogen-go/ogen/gen"
	"golang.org/x/sync/errgroup"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
)

// Emitter writes gen/<module>/api (server) and gen/<module>/client. They are two
// packages so that a service that only calls another one compiles half the code.
type Emitter struct{}

// New returns the emitter.
func New() Emitter { return Emitter{} }

// Name identifies the emitter in messages.
func (Emitter) Name() string { return "ogen" }

// Emit returns the packages of all modules that have an HTTP API.
func (Emitter) Emit(p *ir.Platform) (map[string][]byte, error) {
	files := newMemory()
	var group errgroup.Group
	for _, m := range p.Modules {
		document := openapi.Module(m)
		if len(document.Paths) == 0 {
			continue
		}
		content, err := document.ForOgen().JSON()
		if err != nil {
			return nil, fmt.Errorf("writing the OpenAPI document of %s: %w", m.Name, err)
		}
		group.Go(func() error { return generate(content, files.in("gen/"+m.Name+"/api/"), "api", gen.PathsServer) })
		group.Go(func() error { return generate(content, files.in("gen/"+m.Name+"/client/"), "client", gen.PathsClient) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return files.byPath, nil
}

// generate writes one package. Tracing is not ogen's: the middleware in front of
// all modules does it once.
func generate(document []byte, to gen.FileSystem, name string, side gen.Feature) error {
	spec, err := ogen.Parse(document)
	if err != nil {
		return fmt.Errorf("package %s: parsing the OpenAPI document: %w", name, err)
	}
	features := gen.FeatureOptions{DisableAll: true, Enable: gen.FeatureSet{side.Name: {}}}
	generator, err := gen.NewGenerator(spec, gen.Options{
		Generator: gen.GenerateOptions{Features: &features, ConvenientErrors: 1},
	})
	if err != nil {
		return fmt.Errorf("package %s: %w", name, err)
	}
	if err := generator.WriteSource(to, name); err != nil {
		return fmt.Errorf("package %s: writing: %w", name, err)
	}
	return nil
}

// memory collects files; ogen writes several at once.
type memory struct {
	mu     sync.Mutex
	byPath map[string][]byte
}

func newMemory() *memory { return &memory{byPath: map[string][]byte{}} }

func (m *memory) in(folder string) gen.FileSystem { return folderOf{m, folder} }

type folderOf struct {
	files  *memory
	folder string
}

// WriteFile implements gen.FileSystem.
func (f folderOf) WriteFile(name string, content []byte) error {
	f.files.mu.Lock()
	defer f.files.mu.Unlock()
	f.files.byPath[f.folder+name] = content
	return nil
}
