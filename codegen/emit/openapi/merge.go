package openapi

import (
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// App returns the document of all modules of an app.
func App(app *ir.App) *Document {
	merged := newDocument(app.Name, app.Doc, "spec/platform.yaml")
	for _, m := range app.Modules {
		merged.merge(m.Name, Module(m))
	}
	return merged
}

// shared are the schemas that mean the same in every module.
var shared = map[string]bool{"Problem": true, "FieldError": true, eventName: true, moneyName: true}

// merge adds a module's document. A schema whose name another module uses as
// well gets the module's name in front.
func (d *Document) merge(module string, other *Document) {
	renamed := map[string]string{}
	for name := range other.Components.Schemas {
		if d.Components.Schemas[name] != nil && !shared[name] {
			renamed["#/components/schemas/"+name] = naming.Go(module) + name
		}
	}
	other.rename(renamed)
	for name, schema := range other.Components.Schemas {
		if to, ok := renamed["#/components/schemas/"+name]; ok {
			name = to
		}
		d.Components.Schemas[name] = schema
	}
	for path, item := range other.Paths {
		for method, op := range item {
			d.add(ir.Route{Method: method, Path: path}, op)
		}
	}
	for name, r := range other.Components.Responses {
		d.Components.Responses[name] = r
	}
	d.Tags = append(d.Tags, other.Tags...)
}

func (d *Document) rename(to map[string]string) {
	for _, item := range d.Paths {
		for _, op := range item {
			for _, p := range op.Parameters {
				p.Schema.rename(to)
			}
			if op.RequestBody != nil {
				op.RequestBody.Content[jsonType].Schema.rename(to)
			}
			for _, r := range op.Responses {
				for _, media := range r.Content {
					media.Schema.rename(to)
				}
			}
		}
	}
	for _, r := range d.Components.Responses {
		for _, media := range r.Content {
			media.Schema.rename(to)
		}
	}
	for _, s := range d.Components.Schemas {
		s.rename(to)
	}
}

func (s *Schema) rename(to map[string]string) {
	if s == nil {
		return
	}
	if name, ok := to[s.Ref]; ok {
		s.Ref = "#/components/schemas/" + name
	}
	s.Items.rename(to)
	s.AdditionalProperties.rename(to)
	for _, p := range s.Properties {
		p.Schema.rename(to)
	}
}
