package openapi

import "strings"

// Operation is the one that a command or query became.
func (d *Document) Operation(name string) *Operation {
	for _, item := range d.Paths {
		for _, op := range item {
			if op.OperationID == operationID(name) {
				return op
			}
		}
	}
	return nil
}

// Query are the names of the operation's query parameters, and those of them that hold lists.
func (o *Operation) Query() (names, lists []string) {
	for _, p := range o.Parameters {
		if p.In != "query" {
			continue
		}
		names = append(names, p.Name)
		if p.Schema.Type == "array" {
			lists = append(lists, p.Name)
		}
	}
	return names, lists
}

// Body is the name of the schema of the operation's body; empty if it takes none, or a raw one.
func (o *Operation) Body() string {
	if o.RequestBody == nil || o.RequestBody.Content[jsonType].Schema == nil {
		return ""
	}
	return refName(o.RequestBody.Content[jsonType].Schema)
}

// anyField stands for all keys of a map.
const anyField = "*"

// Forms are the schemas that bodies are made of, reduced to the names of fields:
// each with the form of the objects in it, empty where there are none.
func (d *Document) Forms() map[string]map[string]string {
	forms := map[string]map[string]string{}
	for _, item := range d.Paths {
		for _, op := range item {
			if op.Body() != "" {
				d.form(op.RequestBody.Content[jsonType].Schema, forms)
			}
		}
	}
	return forms
}

// form adds the form of the objects in a value of the schema, and returns its name.
func (d *Document) form(s *Schema, forms map[string]map[string]string) string {
	named := d.Components.Schemas[refName(s)]
	switch {
	case s.Items != nil:
		return d.form(s.Items, forms)
	case s.AdditionalProperties != nil:
		return d.mapForm(d.form(s.AdditionalProperties.Schema, forms), forms)
	case named == nil || named.Type != "object":
		return ""
	}
	name := refName(s)
	if forms[name] == nil {
		forms[name] = map[string]string{} // ends the recursion of what contains itself
		for _, p := range named.Properties {
			forms[name][p.Name] = d.form(p.Schema, forms)
		}
	}
	return name
}

// mapForm is the form of a map; there is none if its values are plain.
func (d *Document) mapForm(values string, forms map[string]map[string]string) string {
	if values == "" {
		return ""
	}
	name := "map of " + values // no schema has such a name
	forms[name] = map[string]string{anyField: values}
	return name
}

func refName(s *Schema) string {
	name, _ := strings.CutPrefix(s.Ref, schemaPath)
	return name
}
