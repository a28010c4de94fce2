package load

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
	"github.com/oksai/oksai/codegen/syntax"
)

// commandRoute is POST /jobs for a creating command and POST /jobs/{id}/start for StartJob.
func commandRoute(a *ir.Aggregate, c *ir.Command) ir.Route {
	if c.Creates {
		return ir.Route{Method: "POST", Path: "/" + a.Plural}
	}
	verb := strings.TrimSuffix(c.Name, a.Name)
	if verb == "" {
		verb = c.Name
	}
	return ir.Route{Method: "POST", Path: "/" + a.Plural + "/{id}/" + naming.Kebab(verb)}
}

// queryRoute gives a query its default place. The first list over a projection
// with one row per aggregate is the aggregate's collection; any other list or
// aggregation is found under its own name.
func (m *module) queryRoute(q *ir.Query, earlier []*ir.Query) ir.Route {
	path := "/" + naming.Kebab(q.Name)
	switch q.Kind {
	case ir.Get:
		path = "/" + q.Aggregate.Plural + "/{id}"
	case ir.AsOf:
		path = "/" + q.Aggregate.Plural + "/{id}/at"
	case ir.History:
		path = "/" + q.Aggregate.Plural + "/{id}/history"
	case ir.Find:
		path = "/" + m.segment(q.Projection) + "/by-" + naming.Kebab(strings.Join(q.By, "_")) + "/{" + strings.Join(q.By, "}/{") + "}"
	case ir.ListRows:
		collection := "/" + m.segment(q.Projection)
		taken := slices.ContainsFunc(earlier, func(o *ir.Query) bool { return o.HTTP.Path == collection })
		if m.rowAggregate(q.Projection) != nil && !taken {
			path = collection
		}
	}
	return ir.Route{Method: "GET", Path: path}
}

// segment is the path segment of a projection's rows.
func (m *module) segment(p *ir.Projection) string {
	if a := m.rowAggregate(p); a != nil {
		return a.Plural
	}
	return naming.Kebab(p.Name)
}

// rowAggregate is the aggregate of which the projection has a row each, or nil.
func (m *module) rowAggregate(p *ir.Projection) *ir.Aggregate {
	if p.EventLog || len(p.Key) != 1 {
		return nil
	}
	for _, a := range m.ir.Aggregates {
		if p.Key[0].Name == naming.Snake(a.Name)+"_id" {
			return a
		}
	}
	return nil
}

// overrideCommandRoute reads `http: {method, path, if_match}`.
func (m *module) overrideCommandRoute(r *syntax.Reader, c *ir.Command) {
	n := r.Get("http")
	if n == nil {
		return
	}
	h := syntax.Read(n, grammar.CommandHTTP, &m.diags)
	c.HTTP.Method = h.Choice("method")
	c.IfMatch = h.Choice("if_match") == "required"
	m.overridePath(h, &c.HTTP)
	if c.IfMatch && c.Creates {
		m.errorf(n.Get("if_match").Pos, "bad-path", "%s creates, so there is no version to match", c.Name).WithHint("remove `if_match`")
	}
	h.Done()
}

// overrideQueryRoute reads `http: {path}`.
func (m *module) overrideQueryRoute(r *syntax.Reader, q *ir.Query) {
	n := r.Get("http")
	if n == nil {
		return
	}
	h := syntax.Read(n, grammar.QueryHTTP, &m.diags)
	m.overridePath(h, &q.HTTP)
	h.Done()
}

func (m *module) overridePath(h *syntax.Reader, route *ir.Route) {
	if path := h.Text("path"); path != "" {
		m.samePathParameters(h.Node, route.Path, path)
		route.Path = path
	}
}

// samePathParameters checks that another path takes what the operation needs.
func (m *module) samePathParameters(n *syntax.Node, old, path string) {
	if !strings.HasPrefix(path, "/") {
		m.errorf(n.Get("path").Pos, "bad-path", "a path begins with /")
	}
	if want, got := parameters(old), parameters(path); !slices.Equal(want, got) {
		m.errorf(n.Get("path").Pos, "bad-path", "the path must have the parameters %s, not %s", braces(want), braces(got))
	}
}

func parameters(path string) []string {
	var names []string
	for _, s := range strings.Split(path, "/") {
		if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
			names = append(names, s[1:len(s)-1])
		}
	}
	slices.Sort(names)
	return names
}

func braces(names []string) string {
	if len(names) == 0 {
		return "{}"
	}
	return "{" + strings.Join(names, "}, {") + "}"
}
