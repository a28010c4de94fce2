package openapi

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

const eventName = "RecordedEvent"

// builder makes one module's document.
type builder struct {
	module   *ir.Module
	schemas  *schemas
	examples map[*ir.Command]any
}

// Module returns the document of a module's API.
func Module(m *ir.Module) *Document {
	b := &builder{module: m, schemas: &schemas{module: m.Name, byName: map[string]*Schema{}}, examples: inputExamples(m)}
	d := newDocument(m.Name, m.Doc, m.File)
	for _, a := range m.Aggregates {
		d.Tags = append(d.Tags, Tag{Name: a.Name, Description: a.Doc})
		b.schemas.byName[a.Name] = b.stateView(a)
		d.addAnswers(a)
		for _, c := range Commands(a) {
			d.add(c.HTTP, b.command(a, c))
		}
	}
	for _, q := range m.Queries {
		if q.Projection != nil {
			d.addTag(b.tag(q), q.Projection.Doc)
		}
		d.add(q.HTTP, b.query(q))
	}
	for _, o := range m.Operations {
		d.addTag(summary(m.Name), m.Doc)
		d.add(o.HTTP, b.declared(o))
	}
	for name, s := range b.schemas.byName {
		d.Components.Schemas[name] = s
	}
	return d
}

// Commands are an aggregate's commands that callers may give; the others only
// follow from reactions and timers.
func Commands(a *ir.Aggregate) []*ir.Command {
	var out []*ir.Command
	for _, c := range a.Commands {
		if len(c.Allow) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// RowName is the name of the schema of a query's rows.
func RowName(q *ir.Query) string {
	if len(q.Derive) > 0 {
		return q.Name + "Row"
	}
	return naming.Go(q.Projection.Name) + "Row"
}

// stateView is what callers see of an aggregate: its state with its identity.
func (b *builder) stateView(a *ir.Aggregate) *Schema {
	v := b.schemas.view(a.Doc, a.State)
	v.Properties = append(Properties{
		{"id", &Schema{Type: "string", Format: "uuid"}},
		{"version", &Schema{Type: "integer", Format: "int64", Description: "Grows with each event; also the ETag."}},
	}, v.Properties...)
	v.Required = append([]string{"id", "version"}, v.Required...)
	return v
}

func newDocument(title, doc, file string) *Document {
	return &Document{
		OpenAPI:   "3.1.0",
		Generated: "by oksai from " + file + "; do not edit",
		Info:      Info{Title: title, Description: doc, Version: "1"},
		Security:  []Security{{"bearerAuth": {}}},
		Paths:     map[string]PathItem{},
		Components: Components{
			SecuritySchemes: map[string]SecurityScheme{"bearerAuth": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"}},
			Responses: map[string]*Response{problemAnswer: {
				Description: "The request was not carried out; `code` says why.",
				Content:     map[string]Media{problemType: {Schema: reference("Problem")}},
			}},
			Schemas: map[string]*Schema{"Problem": problemSchema(), "FieldError": fieldErrorSchema()},
		},
	}
}

func (d *Document) add(r ir.Route, op *Operation) {
	item := d.Paths[r.Path]
	if item == nil {
		item = PathItem{}
		d.Paths[r.Path] = item
	}
	item[strings.ToLower(r.Method)] = op
}

func (d *Document) addTag(name, doc string) {
	if !slices.ContainsFunc(d.Tags, func(t Tag) bool { return t.Name == name }) {
		d.Tags = append(d.Tags, Tag{Name: name, Description: doc})
	}
}

// inputExamples are the first inputs that the spec's own examples give to each command.
func inputExamples(m *ir.Module) map[*ir.Command]any {
	out := map[*ir.Command]any{}
	for _, a := range m.Aggregates {
		for _, e := range a.Examples {
			if len(e.Input) == 0 || out[e.Command] != nil {
				continue
			}
			input := map[string]any{}
			for _, assigned := range e.Input {
				if value, ok := literal(assigned.Value); ok {
					input[assigned.Field] = value
				}
			}
			out[e.Command] = input
		}
	}
	return out
}

// Platform reports whether q reads what is not inside one tenant.
func Platform(q *ir.Query) bool {
	return q.Platform || q.Aggregate != nil && q.Aggregate.Scope != ir.ScopeTenant
}

// platformRole may read what belongs to no single tenant.
const platformRole = "PlatformAdmin"

// Roles are the roles of which a caller of q needs one; none means any valid token.
func Roles(q *ir.Query) []string {
	if len(q.Allow) == 0 && q.Platform {
		return []string{platformRole}
	}
	return q.Allow
}
