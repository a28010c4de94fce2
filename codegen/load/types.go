package load

import (
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// declaration is a named type on its way to being defined; aliases are followed on demand.
type declaration struct {
	def             *ir.TypeDef
	node            *syntax.Node
	defining, ready bool
}

func (m *module) declareTypes() {
	for _, e := range m.spec.Entries("types") {
		def := &ir.TypeDef{Module: m.ir.Name, Name: e.Key, Pos: e.Pos}
		m.ir.Types = append(m.ir.Types, def)
		m.types = append(m.types, &declaration{def: def, node: e.Value})
	}
}

func (m *module) defineTypes() {
	for _, d := range m.types {
		m.define(d)
	}
}

func (m *module) declared(name string) *declaration {
	for _, d := range m.types {
		if d.def.Name == name {
			return d
		}
	}
	return nil
}

func (m *module) typeNames() []string {
	names := []string{
		"string", "text", "bool", "int", "decimal", "money", "uuid", "timestamp",
		"date", "duration", "email", "url", "json",
	}
	for _, d := range m.types {
		names = append(names, d.def.Name)
	}
	return names
}

// define fills in a declared type. A struct has its kind before its fields are
// read, so that structs may name each other; rule struct-cycle judges that.
func (m *module) define(d *declaration) {
	if d.ready {
		return
	}
	if d.defining {
		m.errorf(d.def.Pos, "type-cycle", "%s is defined by itself", d.def.Name)
		return
	}
	d.defining = true
	if d.node.Kind == syntax.Mapping && !isSet(d.node) {
		m.defineLong(d)
	} else {
		d.def.Type = m.typeOf(d.node)
	}
	d.defining, d.ready = false, true
	if d.def.Type.Optional {
		m.errorf(d.def.Pos, "optional-type", "a type is not optional, the fields that have it are").WithHint("write %s? at the field", d.def.Name)
	}
}

func (m *module) defineLong(d *declaration) {
	r := syntax.Read(d.node, grammar.Type, &m.diags)
	d.def.Doc = r.Text("doc")
	switch {
	case d.node.Get("enum") != nil:
		m.defineEnum(d.def, r)
		d.ready = true
	case d.node.Get("fields") != nil:
		d.def.Type = ir.Type{Kind: ir.Struct, Def: d.def}
		d.ready = true
		for _, e := range r.Entries("fields") {
			d.def.Fields = append(d.def.Fields, m.field(e, owner{name: d.def.Name, long: grammar.Part}))
		}
	default:
		d.def.Type = m.longType(r)
	}
	d.def.Type.PII = r.Bool("pii") || d.def.Type.PII
	r.Done()
}

// defineEnum reads the values of an enum: a list of names, or a mapping from names to attributes.
func (m *module) defineEnum(def *ir.TypeDef, r *syntax.Reader) {
	def.Type = ir.Type{Kind: ir.Enum, Def: def}
	if r.Knows("attributes") {
		def.Attributes = m.fields(r.Entries("attributes"), owner{name: def.Name, long: grammar.Attribute})
	}
	n := r.Get("enum")
	switch n.Kind {
	case syntax.Sequence:
		for _, item := range r.Texts("enum") {
			def.Values = append(def.Values, ir.EnumValue{Name: item.Text, Pos: item.Pos})
		}
		if len(def.Attributes) > 0 {
			m.errorf(n.Pos, "missing-field", "the values of %s have attributes, which a list does not give", def.Name).
				WithHint("write a mapping from each value to its attributes")
		}
	default:
		for _, e := range r.Entries("enum") {
			def.Values = append(def.Values, m.enumValue(def, e))
		}
	}
	if len(def.Values) == 0 {
		m.errorf(n.Pos, "empty-enum", "%s has no values", def.Name)
	}
}

func (m *module) enumValue(def *ir.TypeDef, e syntax.Entry) ir.EnumValue {
	r := syntax.Read(e.Value, grammar.EnumValue.Called("a value of "+def.Name), &m.diags)
	value := ir.EnumValue{Name: e.Key, Doc: r.Text("doc"), Pos: e.Pos, Attributes: map[string]*ir.Expr{}}
	for _, f := range def.Attributes {
		n := r.Get(f.Name)
		switch {
		case n != nil && n.Kind != syntax.Null:
			value.Attributes[f.Name] = expr.Literal(n, f.Type, &m.diags)
		case !f.Type.Optional:
			m.errorf(e.Pos, "missing-field", "%s of %s has no %q", e.Key, def.Name, f.Name)
		}
	}
	r.Done()
	return value
}
