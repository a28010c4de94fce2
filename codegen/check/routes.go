package check

import (
	"regexp"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// routes: within an app, every operation has a place of its own.
//
//	good: GetJob at GET /jobs/{id}, FindJob at GET /jobs/by-title/{title}
//	bad:  GetJob and PeekJob, both at GET /jobs/{id}
func routes(p *ir.Platform, diags *diag.List) {
	reported := map[diag.Pos]bool{}
	for _, app := range p.Apps {
		taken := map[string]use{}
		for _, m := range app.Modules {
			for _, o := range operations(m) {
				place := o.route.Method + " " + parameter.ReplaceAllString(o.route.Path, "{}")
				old, twice := taken[place]
				if !twice {
					taken[place] = use{o.name, o.pos}
				} else if !reported[o.pos] {
					reported[o.pos] = true
					diags.Errorf(o.pos, "route-collision", "%s and %s are both at %s %s", o.name, old.what, o.route.Method, o.route.Path).
						WithRelated(old.pos, "the other one").WithHint("say another place: `http: {path: /…}`")
				}
			}
		}
	}
}

type operation struct {
	name  string
	route ir.Route
	pos   diag.Pos
}

// operations lists what a module offers over HTTP.
func operations(m *ir.Module) []operation {
	var all []operation
	for _, a := range m.Aggregates {
		for _, c := range a.Commands {
			if len(c.Allow) > 0 {
				all = append(all, operation{c.Name, c.HTTP, c.Pos})
			}
		}
	}
	for _, q := range m.Queries {
		all = append(all, operation{q.Name, q.HTTP, q.Pos})
	}
	for _, o := range m.Operations {
		all = append(all, operation{o.Name, o.HTTP, o.Pos})
	}
	return all
}
