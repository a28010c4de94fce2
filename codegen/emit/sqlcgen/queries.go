package sqlcgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// moduleQueries returns the statements by which a module's PostgreSQL
// projections are written and read, "" if it has none.
func moduleQueries(m *ir.Module) string {
	var b strings.Builder
	for _, p := range postgres.Tables(m) {
		for _, q := range projectionQueries(p) {
			fmt.Fprintf(&b, "\n-- name: %s :%s\n-- %s %s\n%s;\n", q.name, q.result, q.name, q.doc, q.sql)
		}
	}
	return b.String()
}

type query struct{ name, result, doc, sql string }

// projectionQueries are the same for every table: read by key, write, delete.
// What callers ask for is read by package query.
func projectionQueries(p *ir.Projection) []query {
	name, table := naming.Go(p.Name), postgres.Table(p)
	byKey := conditions(postgres.KeyColumns(p))
	read := fmt.Sprintf("SELECT %s\nFROM %s\nWHERE ", list(columns(p)), table)
	queries := []query{
		{"Get" + name, "one", "reads the row of a key.", read + byKey},
		{"Upsert" + name, "exec", "writes a full row, over an earlier one of the same key.", upsert(p)},
		{"Delete" + name, "exec", "removes the row of a key.", fmt.Sprintf("DELETE FROM %s\nWHERE %s", table, byKey)},
	}
	if SharesRows(p) {
		queries = append(queries, lock(p))
	}
	return queries
}

// SharesRows reports whether events of different streams fold into the same row
// inside their own transactions: Lock must then come before Get.
func SharesRows(p *ir.Projection) bool {
	return p.Inline && slices.ContainsFunc(p.Handlers, func(h *ir.Handler) bool {
		return !slices.ContainsFunc(h.Key, func(a *ir.Assignment) bool { return namesStream(h, a.Value) })
	})
}

// namesStream reports whether a key value is different for each stream.
func namesStream(h *ir.Handler, e *ir.Expr) bool {
	if e.Op != ir.Variable || len(e.Path) != 2 || e.Path[0] != "event" {
		return false
	}
	return e.Path[1] == "stream_id" || e.Path[1] == "tenant_id" && h.Aggregate.Scope == ir.ScopeSelf
}

// lock also holds for a row that is not there yet, which FOR UPDATE does not.
func lock(p *ir.Projection) query {
	parts := []string{"'" + p.Module + "." + p.Name + "'"}
	for _, name := range postgres.KeyColumns(p) {
		kind := "uuid"
		if f := p.Column(name); f != nil {
			kind = postgres.ColumnType(f.Type)
		}
		parts = append(parts, "@"+name+"::"+kind)
	}
	return query{
		"Lock" + naming.Go(p.Name), "exec", "keeps other transactions from folding into the row until this one ends.",
		"SELECT pg_advisory_xact_lock(hashtextextended(concat_ws('/', " + strings.Join(parts, ", ") + "), 0))",
	}
}

func columns(p *ir.Projection) []string {
	names := postgres.KeyColumns(p)
	for _, f := range p.Columns {
		names = append(names, f.Name)
	}
	return names
}

func upsert(p *ir.Projection) string {
	names := columns(p)
	arguments, updates := make([]string, len(names)), make([]string, len(p.Columns))
	for i, name := range names {
		arguments[i] = argument(p, name)
	}
	for i, f := range p.Columns {
		updates[i] = fmt.Sprintf("%[1]s = excluded.%[1]s", postgres.Quote(f.Name))
	}
	effect := "DO NOTHING"
	if len(updates) > 0 {
		effect = "DO UPDATE SET\n    " + strings.Join(updates, ",\n    ")
	}
	return fmt.Sprintf("INSERT INTO %s (%s)\nVALUES (%s)\nON CONFLICT (%s) %s",
		postgres.Table(p), list(names), strings.Join(arguments, ", "), list(postgres.KeyColumns(p)), effect)
}

// argument is sqlc's notation for a parameter; narg may be NULL.
func argument(p *ir.Projection, name string) string {
	if f := p.Column(name); f != nil && f.Type.Optional {
		return "sqlc.narg(" + name + ")"
	}
	return "@" + name
}

func conditions(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%s = @%s", postgres.Quote(name), name)
	}
	return strings.Join(out, " AND ")
}

func list(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = postgres.Quote(name)
	}
	return strings.Join(quoted, ", ")
}
