package load

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
	"github.com/oksai/oksai/codegen/syntax"
)

// projection is a projection that is being loaded.
type projection struct {
	ir   *ir.Projection
	spec *syntax.Reader
}

// defineProjections reads the shape of each projection's rows.
func (m *module) defineProjections() {
	for _, e := range m.spec.Entries("projections") {
		r := syntax.Read(e.Value, grammar.Projection, &m.diags)
		p := &ir.Projection{
			Module: m.ir.Name, Name: e.Key, Doc: r.Text("doc"), Pos: e.Pos,
			Store:    ir.Store(r.Choice("store")),
			EventLog: r.Choice("kind") == "event_log",
			Inline:   r.Choice("consistency") == "inline",
			Platform: r.Choice("scope") == "platform",
			TTLDays:  m.days(r, "ttl"),
			Version:  orElse(r.Int("version"), 1),
		}
		if p.EventLog {
			m.defineEventLog(p, r)
		} else {
			m.defineRows(p, r)
		}
		m.ir.Projections = append(m.ir.Projections, p)
		m.projections = append(m.projections, &projection{p, r})
	}
}

func (m *module) defineEventLog(p *ir.Projection, r *syntax.Reader) {
	r.Needs("of")
	for _, n := range r.Texts("of") {
		if a := m.findAggregate(n.Text, m); a != nil {
			p.Of = append(p.Of, a.ir)
		} else {
			m.unknownAggregate(n.Pos, n.Text)
		}
	}
	if r.Node.Get("ttl") == nil {
		p.TTLDays = m.platform.Defaults.TTLDays
	}
	p.TTLColumn = "at"
	p.Key, p.Columns = logColumns()
	p.OrderBy = ir.FieldNames(p.Key)
}

// logColumns are the columns that every log of events has.
func logColumns() (key, columns []*ir.Field) {
	column := func(name string, kind ir.Kind, doc string) *ir.Field {
		return &ir.Field{Name: name, Type: ir.Type{Kind: kind}, Doc: doc}
	}
	return []*ir.Field{
			column("stream_id", ir.UUID, "Whose event it is."),
			column("version", ir.Int, "The object's version after it."),
		}, []*ir.Field{
			column("stream_type", ir.String, "What it is an event of, e.g. Job."),
			column("type", ir.String, "The event's name, e.g. job.JobCreated."),
			column("at", ir.Timestamp, ""),
			column("user_id", ir.String, "Who caused it; empty for the platform itself."),
			column("payload", ir.JSON, "The event's fields."),
		}
}

func (m *module) defineRows(p *ir.Projection, r *syntax.Reader) {
	r.Needs("key", "columns", "on")
	columns := m.fields(r.Entries("columns"), owner{naming.Go(p.Name), grammar.Column, m.states()})
	for _, n := range r.Texts("key") {
		if f := m.keyField(n, columns); f != nil {
			p.Key = append(p.Key, f)
		}
	}
	for _, f := range columns {
		if ir.FieldNamed(p.Key, f.Name) == nil {
			p.Columns = append(p.Columns, f)
		}
	}
	p.OrderBy = m.columnNames(p, r, "order_by")
	if p.OrderBy == nil {
		p.OrderBy = ir.FieldNames(p.Key)
	}
	p.Search = m.columnNames(p, r, "search")
	m.defineUnique(p, r)
	m.defineTTL(p, r)
}

// states are the state fields of the module's aggregates, whose inline enums columns may repeat.
func (m *module) states() []*ir.Field {
	var all []*ir.Field
	for _, a := range m.aggregates {
		all = append(all, a.ir.State...)
	}
	return all
}

// keyField types a key column: declared with the columns, or the id of a stream or of the tenant.
func (m *module) keyField(n *syntax.Node, columns []*ir.Field) *ir.Field {
	if f := ir.FieldNamed(columns, n.Text); f != nil {
		return f
	}
	if n.Text == "tenant_id" || m.byIDColumn(n.Text) != nil {
		return &ir.Field{Name: n.Text, Type: ir.Type{Kind: ir.UUID}, Pos: n.Pos}
	}
	m.errorf(n.Pos, "unknown-column", "the key %q is neither a column nor the id of an aggregate", n.Text).
		Suggest(n.Text, ir.FieldNames(columns))
	return nil
}

// byIDColumn returns the module's aggregate whose id is named so: job_id is a Job's.
func (m *module) byIDColumn(name string) *ir.Aggregate {
	for _, a := range m.aggregates {
		if naming.Snake(a.ir.Name)+"_id" == name {
			return a.ir
		}
	}
	return nil
}

// columnNames reads a list of columns; nil if the key is not there.
func (m *module) columnNames(p *ir.Projection, r *syntax.Reader, key string) []string {
	var names []string
	for _, n := range r.Texts(key) {
		if m.column(p, n.Text, n.Pos) != nil {
			names = append(names, n.Text)
		}
	}
	return names
}

func (m *module) column(p *ir.Projection, name string, pos diag.Pos) *ir.Field {
	if f := p.Column(name); f != nil {
		return f
	}
	d := m.errorf(pos, "unknown-column", "%s has no column %q", p.Name, name)
	d.Suggest(name, ir.FieldNames(append(slices.Clone(p.Key), p.Columns...)))
	return nil
}

// defineUnique reads unique: [a] or [a, [b, c]].
func (m *module) defineUnique(p *ir.Projection, r *syntax.Reader) {
	for _, item := range r.Items("unique") {
		columns := item.Items
		if item.Kind == syntax.Scalar {
			columns = []*syntax.Node{item}
		}
		var set []string
		for _, n := range columns {
			if m.column(p, n.Text, n.Pos) != nil {
				set = append(set, n.Text)
			}
		}
		p.Unique = append(p.Unique, set)
	}
	if n := r.Node.Get("unique"); n != nil && p.Store != ir.Postgres {
		m.errorf(n.Pos, "unique-needs-postgres", "ClickHouse cannot keep columns unique").WithHint("add `store: postgres` and `consistency: inline`")
	}
	p.UniqueCode = r.Text("unique_code")
	switch {
	case len(p.Unique) == 0 && p.UniqueCode != "":
		m.errorf(r.Node.Get("unique_code").Pos, "missing-key", "`unique_code` without `unique`")
	case len(p.Unique) > 0 && p.UniqueCode == "":
		p.UniqueCode = strings.ToUpper(p.Name) + "_TAKEN"
	}
}

// defineTTL finds the time from which rows grow old: ttl_column, or created_at.
func (m *module) defineTTL(p *ir.Projection, r *syntax.Reader) {
	p.TTLColumn = r.Text("ttl_column")
	if p.TTLDays == 0 {
		if p.TTLColumn != "" {
			m.errorf(r.Node.Get("ttl_column").Pos, "missing-key", "`ttl_column` without a `ttl`")
		}
		return
	}
	pos := r.Node.Get("ttl").Pos
	if p.TTLColumn == "" {
		p.TTLColumn = "created_at"
	}
	f := m.column(p, p.TTLColumn, pos)
	if f != nil && (f.Type.Optional || f.Type.Kind != ir.Timestamp && f.Type.Kind != ir.Date) {
		m.errorf(pos, "type-mismatch", "rows cannot grow old by %q, which is %s", f.Name, expr.A(f.Type)).
			WithHint("name a timestamp or a date with `ttl_column`")
	}
}
