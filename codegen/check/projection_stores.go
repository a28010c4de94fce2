package check

import (
	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// projectionStores: what is part of the append's own transaction is in its
// database; logs of events and ageing are ClickHouse's.
//
//	good: {store: postgres, consistency: inline, …}
//	bad:  {store: clickhouse, consistency: inline, …}
func projectionStores(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		switch {
		case x.Inline && x.Store != ir.Postgres:
			diags.Errorf(x.Pos, "inline-needs-postgres", "%s cannot be inline in ClickHouse", x.Name).WithHint("add `store: postgres`, or remove `consistency: inline`")
		case x.Store != ir.Postgres:
		case x.EventLog:
			diags.Errorf(x.Pos, "not-supported", "a log of events in PostgreSQL is not supported by this version").WithHint("write `store: clickhouse`; PostgreSQL has all events anyway")
		case x.TTLDays > 0:
			diags.Errorf(x.Pos, "not-supported", "`ttl` in PostgreSQL is not supported by this version").WithHint("remove it, or write `store: clickhouse`")
		}
	}
}
