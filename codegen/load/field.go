package load

import (
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
	"github.com/oksai/oksai/codegen/syntax"
)

// owner is what a field belongs to; enums written inside the field are named after it.
type owner struct {
	name  string         // PascalCase
	long  *grammar.Shape // of its fields' long form
	state []*ir.Field    // of the aggregate, whose inline enums the field may repeat
}

func (m *module) fields(entries []syntax.Entry, o owner) []*ir.Field {
	var fields []*ir.Field
	for _, e := range entries {
		fields = append(fields, m.field(e, o))
	}
	return fields
}

// field reads `name: T`, or `name: {type: T, …}`.
func (m *module) field(e syntax.Entry, o owner) *ir.Field {
	f := &ir.Field{Name: e.Key, Pos: e.Pos}
	if e.Value.Kind != syntax.Mapping || isSet(e.Value) {
		f.Type = m.typeOf(e.Value)
		f.PII = f.Type.PII
		return f
	}
	r := syntax.Read(e.Value, o.long, &m.diags)
	f.Doc = r.Text("doc")
	if r.Knows("enum") && e.Value.Get("enum") != nil {
		f.Type = m.inlineEnum(f, r, o)
	} else {
		f.Type = m.longType(r)
	}
	if r.Knows("was") {
		f.Was = r.Text("was")
	}
	if r.Knows("pii") {
		f.PII = r.Bool("pii") || f.Type.PII
		f.Type.PII = f.PII
	}
	if r.Knows("secret") && r.Bool("secret") {
		f.Type.Secret = true
		if k := f.Type.Kind; k != ir.String && k != ir.Text || f.Type.Limits.Trim || f.Type.Limits.Lower || r.Node.Get("default") != nil {
			m.errorf(r.Get("secret").Pos, "constraint-not-applicable", "a secret is a string or text that stays as it came").WithHint("remove `secret`, or `trim`, `lower` and `default`")
		}
	}
	if r.Knows("default") {
		if n := r.Get("default"); n != nil {
			m.later = append(m.later, func() { f.Default = m.value(n, f.Type, expr.NewScope()) })
		}
	}
	r.Done()
	return f
}

// inlineEnum names an enum after where it stands, unless the aggregate's state
// has it already under the same name with the same values.
func (m *module) inlineEnum(f *ir.Field, r *syntax.Reader, o owner) ir.Type {
	def := &ir.TypeDef{Module: m.ir.Name, Name: o.name + naming.Go(f.Name), Doc: f.Doc, Inline: true, Pos: f.Pos}
	m.defineEnum(def, r)
	for _, s := range o.state {
		if s.Name == f.Name && s.Type.Kind == ir.Enum && s.Type.Def.Inline && sameValues(s.Type.Def, def) {
			return bareEnum(s.Type.Def)
		}
	}
	m.ir.Types = append(m.ir.Types, def)
	m.types = append(m.types, &declaration{def: def, ready: true})
	return bareEnum(def)
}

func bareEnum(def *ir.TypeDef) ir.Type { return ir.Type{Kind: ir.Enum, Def: def} }

func sameValues(a, b *ir.TypeDef) bool {
	if len(a.Values) != len(b.Values) {
		return false
	}
	for i := range a.Values {
		if a.Values[i].Name != b.Values[i].Name {
			return false
		}
	}
	return true
}

// longType reads `type:` and the constraints beside it.
func (m *module) longType(r *syntax.Reader) ir.Type {
	t := ir.Type{Kind: ir.String}
	if n := r.Get("type"); n != nil {
		t = m.typeOf(n)
	} else {
		m.errorf(r.Node.Pos, "missing-key", "the long form of a type says its `type`, `enum` or `fields`")
	}
	if r.Knows("trim") {
		m.form(&t, r)
	}
	if r.Knows("max_length") {
		m.bound(&t, r)
	}
	return t
}
