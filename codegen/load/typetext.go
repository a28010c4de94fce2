package load

import (
	"fmt"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// isSet recognises {T} without quotes, which YAML reads as a mapping of T to nothing.
func isSet(n *syntax.Node) bool {
	return n.Kind == syntax.Mapping && len(n.Entries) == 1 && n.Entries[0].Value.Kind == syntax.Null
}

// typeOf reads a type in its short form: T, T?, [T], {T}, map[K]V, ref X, decimal(p,s).
func (m *module) typeOf(n *syntax.Node) ir.Type {
	switch {
	case n.Kind == syntax.Sequence && len(n.Items) == 1:
		elem := m.typeOf(n.Items[0])
		return ir.Type{Kind: ir.List, Elem: &elem}
	case isSet(n):
		elem := m.typeText(n.Entries[0].Key, n.Entries[0].Pos)
		return ir.Type{Kind: ir.Set, Elem: &elem}
	case n.Kind == syntax.Scalar:
		return m.typeText(n.Text, n.TextPos)
	}
	m.errorf(n.Pos, "bad-type", "%s is not a type", n.Kind).WithHint("write a name, T?, [T], \"{T}\", \"map[K]V\", ref X or {type: …}")
	return ir.Type{Kind: ir.String}
}

// typeText reads a type from text. After an error it is a string, so that reading can go on.
func (m *module) typeText(text string, pos diag.Pos) ir.Type {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutSuffix(text, "?"); ok {
		t := m.typeText(inner, pos)
		t.Optional = true
		return t
	}
	switch {
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		return m.collection(ir.List, text[1:len(text)-1], pos)
	case strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}"):
		return m.collection(ir.Set, text[1:len(text)-1], pos)
	case strings.HasPrefix(text, "map["):
		return m.mapText(text, pos)
	case strings.HasPrefix(text, "ref "):
		return m.refText(strings.TrimSpace(text[4:]), pos)
	case strings.HasPrefix(text, "decimal("):
		return m.decimalText(text, pos)
	}
	return m.namedType(text, pos)
}

func (m *module) collection(kind ir.Kind, inner string, pos diag.Pos) ir.Type {
	pos.Col++
	elem := m.typeText(inner, pos)
	if elem.Optional {
		m.errorf(pos, "optional-item", "the items of a list or set are not optional").WithHint("remove the ?")
	}
	return ir.Type{Kind: kind, Elem: &elem}
}

func (m *module) mapText(text string, pos diag.Pos) ir.Type {
	keyText, valueText, ok := strings.Cut(text[len("map["):], "]")
	if !ok {
		m.errorf(pos, "bad-type", "%q is not a type", text).WithHint("a map is written map[K]V")
		return ir.Type{Kind: ir.String}
	}
	key, elem := m.typeText(keyText, pos), m.typeText(valueText, pos)
	if key.Kind != ir.String && key.Kind != ir.Enum || key.Optional {
		m.errorf(pos, "bad-type", "the keys of a map are strings or an enum")
	}
	return ir.Type{Kind: ir.Map, Key: &key, Elem: &elem}
}

func (m *module) refText(name string, pos diag.Pos) ir.Type {
	a := m.findAggregate(name, m)
	if a == nil {
		m.unknownAggregate(pos, name)
		return ir.Type{Kind: ir.UUID}
	}
	return ir.Type{Kind: ir.Ref, Module: a.ir.Module, Aggregate: a.ir.Name}
}

func (m *module) decimalText(text string, pos diag.Pos) ir.Type {
	t := ir.Type{Kind: ir.Decimal}
	n, err := fmt.Sscanf(strings.ReplaceAll(text, " ", ""), "decimal(%d,%d)", &t.Precision, &t.Scale)
	if err != nil || n != 2 || t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
		m.errorf(pos, "bad-type", "%q is not a type", text).WithHint("a decimal is written \"decimal(p,s)\", with 1 ≤ p ≤ 38 and s ≤ p, in quotes")
		return ir.Type{Kind: ir.Decimal, Precision: 38, Scale: 9}
	}
	return t
}

// namedType finds a scalar, a type of this module, or "module.Type".
func (m *module) namedType(name string, pos diag.Pos) ir.Type {
	if name == "decimal" {
		return ir.Type{Kind: ir.Decimal, Precision: 38, Scale: 9}
	}
	switch k := ir.Kind(name); k {
	case ir.String, ir.Text, ir.Bool, ir.Int, ir.Money, ir.UUID, ir.Timestamp, ir.Date, ir.Duration, ir.Email, ir.URL, ir.JSON:
		return ir.Type{Kind: k}
	}
	home, local := m, name
	if mod, rest, ok := strings.Cut(name, "."); ok {
		if home, local = m.module(mod), rest; home == nil {
			m.errorf(pos, "unknown-module", "there is no module %q", mod).Suggest(mod, m.moduleNames())
			return ir.Type{Kind: ir.String}
		}
	}
	d := home.declared(local)
	if d == nil {
		m.errorf(pos, "unknown-type", "there is no type %q", name).Suggest(name, home.typeNames())
		return ir.Type{Kind: ir.String}
	}
	home.define(d)
	t := d.def.Type
	t.Def = d.def
	return t
}
