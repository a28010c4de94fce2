package check

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// structCycles: a struct does not contain itself, save through a list, a set, a map or an optional field.
//
//	good: Part: {fields: {parts: [Part]}}
//	bad:  Part: {fields: {part: Part}}
func structCycles(p *ir.Platform, diags *diag.List) {
	for _, m := range p.Modules {
		for _, t := range m.Types {
			if path := contains(t, t, nil); path != nil {
				diags.Errorf(t.Pos, "struct-cycle", "%s contains itself: %s", t.Name, strings.Join(path, " → ")).
					WithHint("make the field optional, or a list")
			}
		}
	}
}

// contains returns the way from one struct to another through required fields, or nil.
func contains(from, to *ir.TypeDef, seen []*ir.TypeDef) []string {
	if slices.Contains(seen, from) {
		return nil
	}
	seen = append(seen, from)
	for _, f := range from.Fields {
		inner := f.Type.Def
		if f.Type.Kind != ir.Struct || f.Type.Optional || inner == nil {
			continue
		}
		if inner == to {
			return []string{from.Name + "." + f.Name, to.Name}
		}
		if rest := contains(inner, to, seen); rest != nil {
			return append([]string{from.Name + "." + f.Name}, rest...)
		}
	}
	return nil
}
