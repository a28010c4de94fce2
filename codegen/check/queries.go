package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// queryStores: lists and aggregations read ClickHouse; PostgreSQL is for
// look-ups. A log of events is read by history.
//
//	good: {list: job_facts}           # a projection in ClickHouse
//	bad:  {list: tenant_by_slug}      # a projection in PostgreSQL
func queryStores(p *ir.Platform, diags *diag.List) {
	for _, q := range queries(p) {
		x := q.Projection
		switch {
		case x == nil:
		case x.EventLog:
			diags.Errorf(q.Pos, "not-supported", "a query over a log of events is not supported by this version").WithHint("use `history: <Aggregate>`, or SQL on ClickHouse")
		case q.Kind != ir.Find && x.Store == ir.Postgres:
			diags.Errorf(q.Pos, "not-supported", "a %q over PostgreSQL is not supported by this version", q.Kind).
				WithRelated(x.Pos, "declared here").WithHint("use `find`, or a projection with `store: clickhouse`")
		case q.Platform && !x.Platform:
			diags.Errorf(q.Pos, "bad-scope", "%s reads across tenants, and %s does not allow it", q.Name, x.Name).
				WithRelated(x.Pos, "declared here").WithHint("add `scope: platform` to the projection")
		}
		if q.Kind == ir.Aggregated && len(q.Measures) == 0 {
			diags.Errorf(q.Pos, "bad-query", "%s measures nothing", q.Name).WithHint("add `measures: {total: count}`")
		}
	}
}

// findKeys: what finds one row tells all rows apart: the key, or columns that are unique.
//
//	good: {find: tenant_by_slug, by: [slug]}      # unique: [slug]
//	bad:  {find: tenant_by_slug, by: [name]}
func findKeys(p *ir.Platform, diags *diag.List) {
	for _, q := range queries(p) {
		if q.Kind != ir.Find || len(q.By) == 0 {
			continue
		}
		if !sameSet(q.By, names(q.Projection.Key)) && !slices.ContainsFunc(q.Projection.Unique, func(u []string) bool { return sameSet(q.By, u) }) {
			diags.Errorf(q.Pos, "find-not-unique", "several rows of %s may have the same %s", q.Projection.Name, strings.Join(q.By, ", ")).
				WithRelated(q.Projection.Pos, "declared here").WithHint("find by its key or its `unique` columns, or use `list`")
		}
	}
}

func names(fields []*ir.Field) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.Name)
	}
	return all
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// queryCallers: someone may run a query.
//
//	good: GetJob: {get: Job, allow: [TenantMember]}
//	bad:  GetJob: {get: Job}
func queryCallers(p *ir.Platform, diags *diag.List) {
	for _, q := range queries(p) {
		if len(q.Allow) == 0 {
			diags.Errorf(q.Pos, "uncalled-query", "nobody may run %s", q.Name).WithHint("add `allow: [<role>]`")
		}
	}
}

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
	return all
}
