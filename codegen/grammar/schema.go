package grammar

import (
	"encoding/json"
	"strings"
)

// Schema is a file's shape as a JSON Schema (draft-07), for editors.
func Schema(root *Shape) []byte {
	s := schema{definitions: map[string]any{}}
	document := s.mapping(root)
	document["$schema"] = "http://json-schema.org/draft-07/schema#"
	document["title"] = strings.ToUpper(root.Name[:1]) + root.Name[1:] + " of oksai"
	document["definitions"] = s.definitions
	content, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		panic(err) // maps, lists and texts can be printed
	}
	return append(content, '\n')
}

// schema collects the shapes that are referred to.
type schema struct{ definitions map[string]any }

type object = map[string]any

// mapping describes a shape. An empty value reads as an empty mapping.
func (s schema) mapping(of *Shape) object {
	properties, required := object{}, []string{}
	for _, k := range of.Keys {
		if k.How == NotBuilt {
			continue
		}
		property := s.value(k.Value)
		if _, refers := property["$ref"]; refers { // what stands beside a reference is not seen
			property = object{"allOf": []any{property}}
		}
		property["description"] = k.Doc
		properties[k.Name] = property
		if k.How == Required {
			required = append(required, k.Name)
		}
	}
	m := object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
	if of.Names != nil {
		m["additionalProperties"] = s.value(*of.Names)
	}
	if len(required) > 0 {
		m["type"], m["required"] = "object", required
	}
	return m
}

func (s schema) value(v Value) object {
	switch v.Kind {
	case Bool:
		return object{"type": "boolean"}
	case Int:
		return object{"type": "integer"}
	case OneOf:
		return object{"enum": v.Options}
	case Literal:
		return object{}
	case List:
		return object{"type": []string{"array", "null"}, "items": s.value(v.Of[0])}
	case Names:
		return object{"type": []string{"object", "null"}, "additionalProperties": s.value(v.Of[0])}
	case SetOf:
		return object{"type": "object", "additionalProperties": object{"type": "null"}, "minProperties": 1, "maxProperties": 1}
	case Mapping:
		return s.reference(v.Shape)
	case Either:
		var forms []any
		for _, form := range v.Of {
			forms = append(forms, s.value(form))
		}
		return object{"anyOf": forms}
	}
	return object{"type": []string{"string", "number", "boolean"}}
}

// reference describes a shape once and points at it.
func (s schema) reference(to *Shape) object {
	name := strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(to.Name, "an "), "a "), " ", "-")
	if _, known := s.definitions[name]; !known {
		s.definitions[name] = nil // being described
		s.definitions[name] = s.mapping(to)
	}
	return object{"$ref": "#/definitions/" + name}
}
