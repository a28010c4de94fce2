// Package openapi emits the HTTP API of each module and app as OpenAPI 3.1.
package openapi

import (
	"bytes"
	"encoding/json"
)

// Document is an OpenAPI 3.1 document, as far as this platform's APIs need it.
type Document struct {
	OpenAPI    string              `json:"openapi"`
	Generated  string              `json:"x-generated"`
	Info       Info                `json:"info"`
	Tags       []Tag               `json:"tags,omitempty"`
	Security   []Security          `json:"security"`
	Paths      map[string]PathItem `json:"paths"`
	Components Components          `json:"components"`
}

// Info names the API.
type Info struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Version     string `json:"version"`
}

// Tag groups the operations of one aggregate or of a module's read models.
type Tag struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// Security names schemes that must all be satisfied, with their scopes.
type Security map[string][]string

// PathItem has the operations of a path by lower-case method.
type PathItem map[string]*Operation

// Components are shared by reference.
type Components struct {
	SecuritySchemes map[string]SecurityScheme `json:"securitySchemes"`
	Responses       map[string]*Response      `json:"responses"`
	Schemas         map[string]*Schema        `json:"schemas"`
}

// SecurityScheme is how a caller proves who it is.
type SecurityScheme struct {
	Type         string `json:"type"`
	Scheme       string `json:"scheme"`
	BearerFormat string `json:"bearerFormat"`
}

// Operation is one command or query.
type Operation struct {
	OperationID string               `json:"operationId"`
	Tags        []string             `json:"tags,omitempty"`
	Summary     string               `json:"summary,omitempty"`
	Description string               `json:"description,omitempty"`
	Roles       []string             `json:"x-oksai-roles,omitempty"`
	Errors      []Refusal            `json:"x-oksai-errors,omitempty"`
	Security    *[]Security          `json:"security,omitempty"` // empty: no token is asked for
	Parameters  []*Parameter         `json:"parameters,omitempty"`
	RequestBody *RequestBody         `json:"requestBody,omitempty"`
	Responses   map[string]*Response `json:"responses"`
}

// Refusal is a problem that a rule of the spec answers with.
type Refusal struct {
	Code    string `json:"code"`
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// Parameter is a value in the path, the query or a header.
type Parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Explode     *bool   `json:"explode,omitempty"`
	Schema      *Schema `json:"schema"`
}

// RequestBody is a command's input.
type RequestBody struct {
	Required bool             `json:"required"`
	Content  map[string]Media `json:"content"`
}

// Response is an answer, or a reference to a shared one.
type Response struct {
	Ref         string            `json:"$ref,omitempty"`
	Description string            `json:"description,omitempty"`
	Headers     map[string]Header `json:"headers,omitempty"`
	Content     map[string]Media  `json:"content,omitempty"`
}

// Header is a response's header.
type Header struct {
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Schema      *Schema `json:"schema"`
}

// Media is a body of one media type.
type Media struct {
	Schema  *Schema `json:"schema"`
	Example any     `json:"example,omitempty"`
}

// Schema is a JSON Schema (2020-12), or a reference to one with what is said beside it.
type Schema struct {
	Ref                  string     `json:"$ref,omitempty"`
	Type                 string     `json:"type,omitempty"`
	Format               string     `json:"format,omitempty"`
	Description          string     `json:"description,omitempty"`
	Enum                 []string   `json:"enum,omitempty"`
	Default              any        `json:"default,omitempty"`
	Pattern              string     `json:"pattern,omitempty"`
	MinLength            *int64     `json:"minLength,omitempty"`
	MaxLength            *int64     `json:"maxLength,omitempty"`
	Minimum              *int64     `json:"minimum,omitempty"`
	Maximum              *int64     `json:"maximum,omitempty"`
	MinItems             *int64     `json:"minItems,omitempty"`
	MaxItems             *int64     `json:"maxItems,omitempty"`
	UniqueItems          bool       `json:"uniqueItems,omitempty"`
	PropertyNames        *Schema    `json:"propertyNames,omitempty"`
	MinProperties        *int64     `json:"minProperties,omitempty"`
	MaxProperties        *int64     `json:"maxProperties,omitempty"`
	Items                *Schema    `json:"items,omitempty"`
	Properties           Properties `json:"properties,omitempty"`
	Required             []string   `json:"required,omitempty"`
	AdditionalProperties *Others    `json:"additionalProperties,omitempty"`
	WriteOnly            bool       `json:"writeOnly,omitempty"`
	Example              any        `json:"example,omitempty"`
	// TimeFormat tells ogen a Go layout; the public document does not have it.
	TimeFormat string `json:"x-ogen-time-format,omitempty"`
	// Stored means that the server has the value as JSON text already.
	Stored bool `json:"-"`
	// Of is whose id it is, e.g. "job.Job"; empty where the spec does not say.
	Of string `json:"-"`
}

// Others are an object's members beside its properties: of the schema, or none.
type Others struct{ *Schema }

// MarshalJSON writes the schema, or false.
func (o Others) MarshalJSON() ([]byte, error) {
	if o.Schema == nil {
		return []byte("false"), nil
	}
	return json.Marshal(o.Schema)
}

// Property is a named member of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// Properties keep the order of the spec, for readers of the document and of the code made from it.
type Properties []Property

// MarshalJSON writes the properties as an object.
func (p Properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, property := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(property.Name)
		if err != nil {
			return nil, err
		}
		schema, err := json.Marshal(property.Schema)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(schema)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// JSON renders the document for people.
func (d *Document) JSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
