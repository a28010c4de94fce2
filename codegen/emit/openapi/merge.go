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

// merge adds a module's document. What another module has under the same name
// already gets the module's name in front.
func (d *Document) merge(module string, other *Document) {
	renamed := map[string]string{}
	rename := func(kind, name string, taken bool) string {
		if !taken || shared[name] {
			return name
		}
		renamed[kind+name] = kind + naming.Go(module) + name
		return naming.Go(module) + name
	}
	for name, schema := range other.Components.Schemas {
		d.Components.Schemas[rename(schemaPath, name, d.Components.Schemas[name] != nil)] = schema
	}
	for name, r := range other.Components.Responses {
		d.Components.Responses[rename(responsePath, name, d.Components.Responses[name] != nil)] = r
	}
	other.rename(renamed)
	for path, item := range other.Paths {
		for method, op := range item {
			if d.has(op.OperationID) {
				op.OperationID = naming.Local(module + "_" + op.OperationID)
			}
			d.add(ir.Route{Method: method, Path: path}, op)
		}
	}
	for _, t := range other.Tags {
		d.addTag(t.Name, t.Description)
	}
}

func (d *Document) has(operationID string) bool {
	for _, item := range d.Paths {
		for _, op := range item {
			if op.OperationID == operationID {
				return true
			}
		}
	}
	return false
}

// rename replaces references, everywhere in the document.
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
				r.rename(to)
			}
		}
	}
	for _, r := range d.Components.Responses {
		r.rename(to)
	}
	for _, s := range d.Components.Schemas {
		s.rename(to)
	}
}

func (r *Response) rename(to map[string]string) {
	if path, ok := to[r.Ref]; ok {
		r.Ref = path
	}
	for _, media := range r.Content {
		media.Schema.rename(to)
	}
}

func (s *Schema) rename(to map[string]string) {
	if s == nil {
		return
	}
	if path, ok := to[s.Ref]; ok {
		s.Ref = path
	}
	s.Items.rename(to)
	s.PropertyNames.rename(to)
	if s.AdditionalProperties != nil {
		s.AdditionalProperties.rename(to)
	}
	for _, p := range s.Properties {
		p.Schema.rename(to)
	}
}
