package check

import (
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
