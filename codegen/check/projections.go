package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/ir"
)

// projectionStores: what is part of the append's own transaction is in its
// database; logs of events, search and ageing are ClickHouse's.
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
		case len(x.Search) > 0:
			diags.Errorf(x.Pos, "not-supported", "`search` in PostgreSQL is not supported by this version").WithHint("remove it, or write `store: clickhouse`")
		}
	}
}

// projectionKeys: a row is found by plain values that are always there, and sorted so that no two rows are equal.
//
//	good: {key: [job_id], order_by: [created_at, job_id]}
//	bad:  {key: [job_id], order_by: [created_at]}
func projectionKeys(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		if x.EventLog {
			continue
		}
		if len(x.Key) == 0 {
			diags.Errorf(x.Pos, "bad-key", "%s has no key", x.Name).WithHint("add `key: [<column>]`")
		}
		for _, k := range x.Key {
			if k.Type.Optional || !plain(k.Type) {
				diags.Errorf(k.Pos, "bad-key", "%q is %s, which cannot be a key", k.Name, expr.A(k.Type)).
					WithHint("a key is a required text, number, id, date, time, enum or bool")
			}
			if !slices.Contains(x.OrderBy, k.Name) {
				diags.Errorf(x.Pos, "order-lacks-key", "%s is ordered by columns that do not tell its rows apart", x.Name).
					WithHint("add %s at the end of `order_by`", k.Name)
			}
		}
	}
}

// plain reports whether values of the type can be compared and put into a path.
func plain(t ir.Type) bool {
	switch t.Kind {
	case ir.Struct, ir.List, ir.Set, ir.Map, ir.JSON, ir.Money, ir.Text:
		return false
	}
	return true
}

// inlineEvents: an inline projection follows the appends of its own module.
//
//	good: in tenant: {consistency: inline, on: {TenantCreated: …}}
//	bad:  in job:    {consistency: inline, on: {tenant.TenantCreated: …}}
func inlineEvents(p *ir.Platform, diags *diag.List) {
	for m, x := range projections(p) {
		for _, h := range x.Handlers {
			if x.Inline && h.Aggregate.Module != m.Name {
				diags.Errorf(h.Pos, "inline-foreign-event", "%s is inline, so it cannot follow events of %s", x.Name, h.Aggregate.Module).
					WithHint("remove `consistency: inline`, or move the projection to %s", h.Aggregate.Module)
			}
		}
	}
}

// duplicateHandlers: a projection says once what an event does to it.
//
//	good: on: {JobCreated: {set: {…}, add: {…}}}
//	bad:  on: {JobCreated: {set: {…}}, Job.JobCreated: {add: {…}}}
func duplicateHandlers(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		first := map[*ir.Event]*ir.Handler{}
		for _, h := range x.Handlers {
			if old := first[h.Event]; old != nil {
				diags.Errorf(h.Pos, "duplicate-handler", "%s says twice what %s does", x.Name, h.Event.Name).WithRelated(old.Pos, "first said here")
			}
			first[h.Event] = h
			stepOnce(x, h, diags)
		}
	}
}

func stepOnce(x *ir.Projection, h *ir.Handler, diags *diag.List) {
	seen := map[string]*ir.Step{}
	for _, s := range h.Steps {
		if old := seen[s.Column]; old != nil {
			diags.Errorf(s.Pos, "duplicate-step", "%s changes %q of %s twice", h.Event.Name, s.Column, x.Name).WithRelated(old.Pos, "first changed here")
		}
		seen[s.Column] = s
	}
}

// completeRows: the event that creates an aggregate gives its row all that has no natural beginning.
//
//	good: JobCreated: {set: {title: =event.title, status: pending}}
//	bad:  JobCreated: {set: {title: =event.title}}                   # and status is a required enum
func completeRows(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		for i, h := range x.Handlers {
			again := slices.ContainsFunc(x.Handlers[:i], func(o *ir.Handler) bool { return o.Event == h.Event })
			if again || !creates(h.Aggregate, h.Event) || h.When != nil {
				continue
			}
			for _, c := range x.Columns {
				stepped := slices.ContainsFunc(h.Steps, func(s *ir.Step) bool { return s.Column == c.Name })
				if !stepped && !c.Type.Optional && !beginsAtZero(c.Type) {
					diags.Errorf(h.Pos, "unset-column", "after %s, %q of %s has no value", h.Event.Name, c.Name, x.Name).
						WithRelated(c.Pos, "declared here").WithHint("set it, or make it optional")
				}
			}
		}
	}
}

func creates(a *ir.Aggregate, e *ir.Event) bool {
	return slices.ContainsFunc(a.Commands, func(c *ir.Command) bool { return c.Creates && len(c.Emits) > 0 && c.Emits[0].Event == e })
}

func beginsAtZero(t ir.Type) bool {
	switch t.Kind {
	case ir.Int, ir.Decimal, ir.Duration, ir.Bool, ir.List, ir.Set, ir.Map:
		return true
	}
	return false
}

// columnUses: only texts are searched, and only plain values sorted and grouped.
//
//	good: {search: [title]}
//	bad:  {search: [created_at]}
func columnUses(p *ir.Platform, diags *diag.List) {
	for _, x := range projections(p) {
		for _, name := range x.Search {
			if f := x.Column(name); f.Type.Kind != ir.String && f.Type.Kind != ir.Text && f.Type.Kind != ir.Email && f.Type.Kind != ir.URL {
				diags.Errorf(x.Pos, "bad-search", "%q is %s, which cannot be searched", name, expr.A(f.Type))
			}
		}
	}
	for _, q := range queries(p) {
		for _, s := range q.Sorts {
			if f := q.Projection.Column(s.Column); !plain(f.Type) {
				diags.Errorf(q.Pos, "bad-sort", "%q is %s, which has no order", s.Column, expr.A(f.Type))
			}
		}
		for _, g := range q.GroupBy {
			if f := q.Projection.Column(g); !plain(f.Type) {
				diags.Errorf(q.Pos, "bad-group", "%q is %s, which makes no groups", g, expr.A(f.Type))
			}
		}
		for _, f := range q.Filters {
			if slices.Contains(f.Ops, "search") && !slices.Contains(q.Projection.Search, f.Column.Name) {
				diags.Errorf(f.Pos, "bad-search", "%q is not among the columns that %s can search", f.Column.Name, q.Projection.Name).
					WithRelated(q.Projection.Pos, "declared here").WithHint("add `search: [%s]` to the projection", f.Column.Name)
			}
		}
	}
}
