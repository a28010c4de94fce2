package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
)

// mapShapes: the API takes and shows maps that are fields of their own and do
// not hold collections; a row's maps hold plain values. Keys are kept as they
// come: two that are trimmed could become one.
//
//	good: input: {prices: "map[Size]Price"}
//	bad:  input: {prices: "map[Size][Price]"}
func mapShapes(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		for _, c := range a.Commands {
			mapFields(c.Input, diags)
		}
		mapFields(a.State, diags)
	}
	for _, x := range projections(p) {
		for _, f := range x.Columns {
			if findType(f.Type, func(t ir.Type) bool { return t.Kind == ir.Map && (t.Optional || !plain(*t.Elem)) }, nil) {
				diags.Errorf(f.Pos, "not-supported", "%s, with a map that is optional or not of plain values, is not supported in a row", expr.A(f.Type)).
					WithHint("use a list of structs")
			}
		}
	}
}

// mapFields reports maps that the API cannot take or show.
func mapFields(fields []*ir.Field, diags *diag.List) {
	for _, f := range fields {
		if findType(f.Type, mapBesideCollection, nil) {
			diags.Errorf(f.Pos, "not-supported", "%s, with a map that holds or is held by a collection, is not supported by this version", expr.A(f.Type)).
				WithHint("put a struct between them")
		}
		if findType(f.Type, func(t ir.Type) bool { return t.Kind == ir.Map && (t.Key.Limits.Trim || t.Key.Limits.Lower) }, nil) {
			diags.Errorf(f.Pos, "bad-type", "the keys of %s would be trimmed or made lower-case, and two could become one", expr.A(f.Type)).
				WithHint("use string, or a type with a pattern")
		}
	}
}

func mapBesideCollection(t ir.Type) bool {
	return t.Kind == ir.Map && (t.Elem.Elem != nil || t.Elem.Optional) || t.Elem != nil && t.Elem.Kind == ir.Map
}

// findType looks for a type that matches: t, its items, and what the structs in it hold.
func findType(t ir.Type, matches func(ir.Type) bool, seen []*ir.TypeDef) bool {
	switch {
	case matches(t):
		return true
	case t.Elem != nil:
		return findType(*t.Elem, matches, seen)
	case t.Kind != ir.Struct || slices.Contains(seen, t.Def):
		return false
	}
	seen = append(seen, t.Def)
	return slices.ContainsFunc(t.Def.Fields, func(f *ir.Field) bool { return findType(f.Type, matches, seen) })
}
