package openapi

import (
	"fmt"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

const moneyName = "Money"

// schemas collects what a module's operations refer to. Enums and structs are
// shared by name; constrained scalars stand where they are used, since a name
// like JobTitle says less to a caller than its limits do. A struct has two
// schemas: what is taken has fields with defaults and no others, while what is
// answered always has all fields and may get more in a later version.
type schemas struct {
	module string
	byName map[string]*Schema
	taken  bool
}

// input is s for what callers send.
func (s *schemas) input() *schemas { return &schemas{s.module, s.byName, true} }

// TypeName is what a module's API calls a named type: its own by their names,
// another module's with that module's name in front. Its schema as an input is
// called InputName.
func TypeName(module string, def *ir.TypeDef) string {
	if def.Module == module {
		return def.Name
	}
	return naming.Go(def.Module) + def.Name
}

// InputName is what the API calls a struct, or a command's fields, where callers send it.
func InputName(name string) string { return name + "Input" }

func (s *schemas) name(def *ir.TypeDef) string {
	if s.taken && def.Type.Kind == ir.Struct {
		return InputName(TypeName(s.module, def))
	}
	return TypeName(s.module, def)
}

const schemaPath = "#/components/schemas/"

func reference(name string) *Schema { return &Schema{Ref: schemaPath + name} }

// field returns the schema of one value, with its field's own words and default.
func (s *schemas) field(f *ir.Field) *Schema {
	schema := s.value(f.Type)
	if f.Doc != "" {
		schema.Description = f.Doc
	}
	if value, ok := literal(f.Default); ok {
		schema.Default = value
	}
	return schema
}

// object returns an object of the fields in the direction of s.
func (s *schemas) object(doc string, fields []*ir.Field) *Schema {
	if s.taken {
		return s.order(doc, fields)
	}
	return s.view(doc, fields)
}

// order is what is sent: all fields are required but the optional ones and those
// a default stands in for, and there are no others.
func (s *schemas) order(doc string, fields []*ir.Field) *Schema {
	o := &Schema{Type: "object", Description: doc, AdditionalProperties: &Others{}}
	for _, f := range fields {
		o.Properties = append(o.Properties, Property{Name: f.Name, Schema: s.field(f)})
		if !f.Type.Optional && f.Default == nil {
			o.Required = append(o.Required, f.Name)
		}
	}
	return o
}

// view is what is answered: only optional fields can be missing.
func (s *schemas) view(doc string, fields []*ir.Field) *Schema {
	o := &Schema{Type: "object", Description: doc}
	for _, f := range fields {
		schema := s.field(f)
		schema.Default = nil
		o.Properties = append(o.Properties, Property{Name: f.Name, Schema: schema})
		if !f.Type.Optional {
			o.Required = append(o.Required, f.Name)
		}
	}
	return o
}

func (s *schemas) value(t ir.Type) *Schema {
	switch t.Kind {
	case ir.Enum, ir.Struct:
		s.define(t.Def)
		return reference(s.name(t.Def))
	case ir.List, ir.Set:
		unique := t.Kind == ir.Set && !s.taken || t.Limits.Unique // a set that is sent may repeat itself
		return &Schema{Type: "array", Items: s.value(*t.Elem), UniqueItems: unique, MinItems: t.Limits.MinItems, MaxItems: t.Limits.MaxItems}
	case ir.Map:
		return &Schema{
			Type: "object", PropertyNames: s.keys(*t.Key), AdditionalProperties: &Others{s.value(*t.Elem)},
			MinProperties: t.Limits.MinItems, MaxProperties: t.Limits.MaxItems,
		}
	case ir.Money:
		s.byName[moneyName] = money()
		return reference(moneyName)
	}
	if t.Secret {
		return s.secret(t)
	}
	return scalar(t)
}

// secret is a password or token: what is sent is never answered with.
func (s *schemas) secret(t ir.Type) *Schema {
	schema := scalar(t)
	schema.Format, schema.WriteOnly = "password", s.taken
	return schema
}

// keys is what a map's keys must be; nothing if any text will do.
func (s *schemas) keys(t ir.Type) *Schema {
	if t.Kind == ir.String && t.Def == nil {
		return nil
	}
	return s.value(t)
}

// define adds a named type; the placeholder ends the recursion of types that contain themselves.
func (s *schemas) define(def *ir.TypeDef) {
	name := s.name(def)
	if s.byName[name] != nil {
		return
	}
	s.byName[name] = &Schema{}
	if def.Type.Kind == ir.Struct {
		*s.byName[name] = *s.object(def.Doc, def.Fields)
		return
	}
	*s.byName[name] = *enum(def)
}

func enum(def *ir.TypeDef) *Schema {
	e := &Schema{Type: "string", Description: def.Doc}
	for _, v := range def.Values {
		e.Enum = append(e.Enum, v.Name)
		if v.Doc != "" {
			e.Description = strings.TrimSpace(fmt.Sprintf("%s\n- `%s`: %s", e.Description, v.Name, v.Doc))
		}
	}
	return e
}

func money() *Schema {
	return &Schema{
		Type:        "object",
		Description: "An amount in the currency's smallest unit.",
		Properties: Properties{
			{"amount", &Schema{Type: "integer", Format: "int64"}},
			{"currency", &Schema{Type: "string", Description: "ISO 4217", Pattern: "^[A-Z]{3}$"}},
		},
		Required:             []string{"amount", "currency"},
		AdditionalProperties: &Others{},
	}
}

// formats are the JSON types of scalars; the limits come on top.
var formats = map[ir.Kind]Schema{
	ir.String:    {Type: "string"},
	ir.Text:      {Type: "string"},
	ir.Bool:      {Type: "boolean"},
	ir.Int:       {Type: "integer", Format: "int64"},
	ir.Decimal:   {Type: "string", Format: "decimal"},
	ir.UUID:      {Type: "string", Format: "uuid"},
	ir.Ref:       {Type: "string", Format: "uuid"},
	ir.Timestamp: {Type: "string", Format: "date-time"},
	ir.Date:      {Type: "string", Format: "date"},
	ir.Duration:  {Type: "integer", Format: "int64", Description: "Milliseconds."},
	ir.Email:     {Type: "string", Format: "email"},
	ir.URL:       {Type: "string", Format: "uri"},
	ir.JSON:      {},
}

func scalar(t ir.Type) *Schema {
	schema := formats[t.Kind]
	if t.Kind == ir.Ref {
		schema.Of = t.Module + "." + t.Aggregate
	}
	if t.Def != nil {
		schema.Description = t.Def.Doc
	}
	l := t.Limits
	schema.MinLength, schema.MaxLength, schema.Pattern = l.MinLength, l.MaxLength, l.Pattern
	schema.Minimum, schema.Maximum = l.Min, l.Max
	if l.Trim && l.MinLength != nil && l.Pattern == "" {
		schema.Pattern = atLeast(*l.MinLength)
	}
	if t.Kind == ir.Duration {
		schema.Minimum, schema.Maximum = milliseconds(l.Min), milliseconds(l.Max)
	}
	return &schema
}

// notBlank is a character that is not cut off; \s lacks one that Go counts as space.
const notBlank = `[^\s\u0085]`

// atLeast matches texts that have n characters when space around them is cut off.
func atLeast(n int64) string {
	switch n {
	case 0:
		return ""
	case 1:
		return notBlank
	}
	return notBlank + strings.Replace(fmt.Sprintf(`[\s\S]{%d,}`, n-2), "{0,}", "*", 1) + notBlank
}

func milliseconds(seconds *int64) *int64 {
	if seconds == nil {
		return nil
	}
	ms := *seconds * 1000
	return &ms
}

// literal is the JSON value of a constant expression.
func literal(e *ir.Expr) (any, bool) {
	switch {
	case e == nil:
		return nil, false
	case e.Op == ir.StructOf:
		return structLiteral(e)
	case e.Op == ir.Literal && e.Value != nil:
		return e.Value, true
	case e.Op == ir.ListOf:
		items := make([]any, 0, len(e.Args))
		for _, arg := range e.Args {
			item, ok := literal(arg)
			if !ok {
				return nil, false
			}
			items = append(items, item)
		}
		return items, true
	}
	return nil, false
}

func structLiteral(e *ir.Expr) (any, bool) {
	names := []string{"amount", "currency"} // money's
	if e.Type.Def != nil {
		names = nil
		for _, f := range e.Type.Def.Fields {
			names = append(names, f.Name)
		}
	}
	members := map[string]any{}
	for i, arg := range e.Args {
		if value, ok := literal(arg); ok {
			members[names[i]] = value
		}
	}
	return members, true
}
