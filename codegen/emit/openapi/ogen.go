package openapi

// microseconds is how timestamps are written: ogen's own layout has whole seconds only.
const microseconds = "2006-01-02T15:04:05.999999Z07:00"

// ForOgen returns the module's document as the HTTP code is generated from it.
// It lacks the limits: the domain checks them after trimming and lower-casing,
// and answers with all of them at once. What is enforced is the same.
func (d *Document) ForOgen() *Document {
	out := *d
	out.Info.Description = ""
	out.Paths = map[string]PathItem{}
	for path, item := range d.Paths {
		out.Paths[path] = PathItem{}
		for method, op := range item {
			out.Paths[path][method] = lenientOperation(op)
		}
	}
	out.Components.Schemas = map[string]*Schema{}
	for name, s := range d.Components.Schemas {
		out.Components.Schemas[name] = s.lenient()
	}
	return &out
}

func lenientOperation(op *Operation) *Operation {
	out := *op
	out.Parameters = nil
	for _, p := range op.Parameters {
		if p.Name == tenantHeader {
			continue
		}
		lenient := *p
		lenient.Schema = p.Schema.lenient()
		lenient.Schema.TimeFormat = "" // parameters parse every RFC 3339 time as it is
		out.Parameters = append(out.Parameters, &lenient)
	}
	out.Responses = map[string]*Response{}
	for status, r := range op.Responses {
		if status == "default" || r.Ref != responsePath+problemAnswer { // it covers all problems
			out.Responses[status] = r
		}
	}
	out.RequestBody = nil
	if op.Body() != "" { // what is raw is not for decoders
		out.RequestBody = &RequestBody{Required: true, Content: map[string]Media{jsonType: {Schema: op.RequestBody.Content[jsonType].Schema}}}
	}
	return &out
}

// uncheckedFormats are formats that ogen would check, or give a Go type of its own.
var uncheckedFormats = map[string]bool{"email": true, "uri": true, "password": true}

// lenient leaves it to the runtime to refuse what an object does not have: it
// knows better than a decoder how to tell.
func (o *Others) lenient() *Others {
	if o.Schema == nil {
		return nil
	}
	return &Others{o.Schema.lenient()}
}

func (s *Schema) lenient() *Schema {
	switch {
	case s == nil:
		return nil
	case s.Stored:
		return &Schema{}
	case s.Ref != "":
		return &Schema{Ref: s.Ref}
	}
	out := *s
	out.Pattern, out.MinLength, out.MaxLength, out.Minimum, out.Maximum = "", nil, nil, nil, nil
	out.MinItems, out.MaxItems, out.UniqueItems = nil, nil, false
	out.PropertyNames, out.MinProperties, out.MaxProperties = nil, nil, nil
	out.Default, out.Example = nil, nil // the domain fills them in
	out.WriteOnly = false
	if uncheckedFormats[s.Format] {
		out.Format = ""
	}
	if s.Format == "date-time" {
		out.TimeFormat = microseconds
	}
	out.Items = s.Items.lenient()
	if s.AdditionalProperties != nil {
		out.AdditionalProperties = s.AdditionalProperties.lenient()
	}
	out.Properties = nil
	for _, p := range s.Properties {
		out.Properties = append(out.Properties, Property{p.Name, p.Schema.lenient()})
	}
	return &out
}
