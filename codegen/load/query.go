package load

import (
	"strings"

	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

func (m *module) resolveQueries() {
	for _, e := range m.spec.Entries("queries") {
		r := syntax.Read(e.Value, grammar.Query, &m.diags)
		q := &ir.Query{Name: e.Key, Doc: r.Text("doc"), Pos: e.Pos, Platform: r.Choice("scope") == "platform"}
		q.Allow = m.roles(r)
		if q.Platform && len(q.Allow) == 0 {
			q.Allow = []string{PlatformAdmin}
		}
		if m.querySubject(q, r) {
			m.queryDetails(q, r)
			q.HTTP = m.queryRoute(q, m.ir.Queries)
			m.overrideQueryRoute(r, q)
			m.ir.Queries = append(m.ir.Queries, q)
			r.Done()
		}
	}
}

// querySubject finds the kind of a query and what it is over.
func (m *module) querySubject(q *ir.Query, r *syntax.Reader) bool {
	kinds := []ir.QueryKind{ir.Get, ir.ListRows, ir.Find, ir.Aggregated, ir.AsOf, ir.History}
	for _, kind := range kinds {
		n := r.Get(string(kind))
		if n == nil {
			continue
		}
		if q.Kind != "" {
			m.errorf(n.Pos, "bad-query", "%s is a %q already", q.Name, q.Kind).WithHint("make two queries of it")
			return false
		}
		q.Kind = kind
		if kind == ir.Get || kind == ir.AsOf || kind == ir.History {
			a := m.aggregate(n.Text)
			if a == nil {
				m.unknownAggregate(n.Pos, n.Text)
				return false
			}
			q.Aggregate = a.ir
		} else if q.Projection = m.projectionOf(n); q.Projection == nil {
			return false
		}
	}
	if q.Kind == "" {
		m.errorf(q.Pos, "bad-query", "%s does not say what it answers with", q.Name).WithHint("add one of get, list, find, aggregate, as_of, history")
	}
	return q.Kind != ""
}

func (m *module) projectionOf(n *syntax.Node) *ir.Projection {
	if p := m.ir.Projection(n.Text); p != nil {
		return p
	}
	var names []string
	for _, p := range m.ir.Projections {
		names = append(names, p.Name)
	}
	m.errorf(n.Pos, "unknown-projection", "there is no projection %q", n.Text).Suggest(n.Text, names)
	return nil
}

// queryDetails reads the keys that the kind of query has; Done reports the others.
func (m *module) queryDetails(q *ir.Query, r *syntax.Reader) {
	switch q.Kind {
	case ir.ListRows:
		m.readFilters(q, r)
		m.readSorts(q, r)
		m.readPage(q, r)
		m.readDerived(q, r)
	case ir.Find:
		r.Needs("by")
		q.By = m.columnNames(q.Projection, r, "by")
		m.readDerived(q, r)
	case ir.Aggregated:
		r.Needs("measures")
		m.readFilters(q, r)
		q.GroupBy = m.columnNames(q.Projection, r, "group_by")
		m.readMeasures(q, r)
	case ir.History:
		m.readPage(q, r)
	}
}

// readFilters reads filter: {column: op} or {column: [op, op]}.
func (m *module) readFilters(q *ir.Query, r *syntax.Reader) {
	for _, e := range r.Entries("filter") {
		f := m.column(q.Projection, e.Key, e.Pos)
		if f == nil {
			continue
		}
		filter := &ir.Filter{Column: f, Pos: e.Pos}
		ops := e.Value.Items
		if e.Value.Kind == syntax.Scalar {
			ops = []*syntax.Node{e.Value}
		}
		for _, op := range ops {
			if m.filterOp(q, f, op) {
				filter.Ops = append(filter.Ops, op.Text)
			}
		}
		q.Filters = append(q.Filters, filter)
	}
}

func (m *module) filterOp(q *ir.Query, f *ir.Field, op *syntax.Node) bool {
	list := f.Type.Kind == ir.List || f.Type.Kind == ir.Set
	fits := map[string]bool{
		"eq":     !list && f.Type.Kind != ir.Struct && f.Type.Kind != ir.Map && f.Type.Kind != ir.JSON,
		"in":     !list && f.Type.Kind != ir.Struct && f.Type.Kind != ir.Map && f.Type.Kind != ir.JSON,
		"range":  expr.Ordered(f.Type),
		"any":    list,
		"search": f.Type.Kind == ir.String || f.Type.Kind == ir.Text || f.Type.Kind == ir.Email || f.Type.Kind == ir.URL,
	}
	fit, known := fits[op.Text]
	if !known {
		m.errorf(op.Pos, "unknown-choice", "%q is not a filter", op.Text).Suggest(op.Text, []string{"eq", "in", "range", "any", "search"})
	} else if !fit {
		m.errorf(op.Pos, "bad-filter", "%s is %s, which %q cannot filter", f.Name, expr.A(f.Type), op.Text)
	}
	return known && fit
}

// readSorts reads sort: [-created_at, priority].
func (m *module) readSorts(q *ir.Query, r *syntax.Reader) {
	for _, n := range r.Texts("sort") {
		name, desc := strings.CutPrefix(n.Text, "-")
		if m.column(q.Projection, name, n.Pos) != nil {
			q.Sorts = append(q.Sorts, ir.Sort{Column: name, Desc: desc})
		}
	}
}

func (m *module) readPage(q *ir.Query, r *syntax.Reader) {
	page := syntax.Read(r.Get("page"), grammar.Page, &m.diags)
	q.PageSize = orElse(page.Int("size"), m.platform.Defaults.PageSize)
	q.PageMax = orElse(page.Int("max"), m.platform.Defaults.PageMax)
	page.Done()
}

// readDerived reads values that are computed from a row when it is read.
func (m *module) readDerived(q *ir.Query, r *syntax.Reader) {
	for _, e := range r.Entries("derive") {
		src, ok := expr.Formula(e.Value)
		if !ok {
			m.errorf(e.Value.Pos, "bad-literal", "a derived value is an expression").WithHint("write =row.…")
			continue
		}
		value := expr.Infer(src, expr.NewScope(rowRoot(q.Projection)), &m.diags)
		if value == nil {
			continue
		}
		d := &ir.Derived{Name: e.Key, Value: value, Type: value.Type, Pos: e.Pos}
		d.Type.Optional = d.Type.Optional || divides(value)
		q.Derive = append(q.Derive, d)
	}
}

// divides reports whether a value may be absent because of a division by zero.
func divides(e *ir.Expr) bool {
	if e.Op == ir.Div || e.Op == ir.Mod {
		return true
	}
	for _, a := range e.Args {
		if divides(a) {
			return true
		}
	}
	return false
}
