package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// renames: `was` is for names that are stored: those of states, events and
// structs. A read model is rebuilt, and a caller must say the new name.
//
//	good: events: {JobCreated: {fields: {title: {type: string, was: name}}}}
//	bad:  projections: {jobs: {columns: {title: {type: string, was: name}}}}
func renames(p *ir.Platform, diags *diag.List) {
	for _, m := range p.Modules {
		for _, x := range m.Projections {
			noRename(diags, append(append([]*ir.Field{}, x.Key...), x.Columns...), "a changed read model is built anew")
		}
		for _, x := range m.External {
			noRename(diags, x.Fields, "what others send has the names that they give")
		}
		for _, a := range m.Aggregates {
			for _, c := range a.Commands {
				noRename(diags, c.Input, "what callers send is not stored")
			}
		}
	}
}

func noRename(diags *diag.List, fields []*ir.Field, why string) {
	for _, f := range fields {
		if f.Was != "" {
			diags.Errorf(f.Pos, "needless-was", "%q needs no `was`: %s", f.Name, why).WithHint("remove it")
		}
	}
}
