package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
)

// mapShapes: the API shows maps of plain values, and takes none.
//
//	good: state: {parts: "map[string]int"}
//	bad:  input: {parts: "map[string]int"}
func mapShapes(p *ir.Platform, diags *diag.List) {
	for _, a := range aggregates(p) {
		for _, c := range a.Commands {
			for _, f := range c.Input {
				if findMap(f.Type, func(ir.Type) bool { return true }, nil) {
					diags.Errorf(f.Pos, "not-supported", "a map in a command's input is not supported by this version").WithHint("use a list of structs")
				}
			}
		}
		shownMaps(a.State, diags)
	}
	for _, x := range projections(p) {
		shownMaps(x.Columns, diags)
	}
}

// shownMaps reports maps that the API cannot show.
func shownMaps(fields []*ir.Field, diags *diag.List) {
	for _, f := range fields {
		if findMap(f.Type, func(t ir.Type) bool { return t.Optional || !plain(*t.Elem) }, nil) {
			diags.Errorf(f.Pos, "not-supported", "%s, with a map that is optional or not of plain values, is not supported by this version", expr.A(f.Type)).
				WithHint("use a list of structs")
		}
	}
}

// findMap looks for a map that matches in a type and in the structs that it holds.
func findMap(t ir.Type, matches func(ir.Type) bool, seen []*ir.TypeDef) bool {
	switch {
	case t.Kind == ir.Map && matches(t):
		return true
	case t.Elem != nil:
		return findMap(*t.Elem, matches, seen)
	case t.Kind != ir.Struct || slices.Contains(seen, t.Def):
		return false
	}
	seen = append(seen, t.Def)
	return slices.ContainsFunc(t.Def.Fields, func(f *ir.Field) bool { return findMap(f.Type, matches, seen) })
}
