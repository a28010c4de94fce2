package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// tableDDL writes a projection's table. Only what identifies a row is in CREATE
// TABLE: all else is added by ALTER TABLE, so that a table made from an earlier
// spec gets the columns that came later. Their defaults stand until a rebuild.
func tableDDL(p *ir.Projection) string {
	var b strings.Builder
	table := Table(p)
	if p.Doc != "" {
		fmt.Fprintf(&b, "-- %s\n", strings.ReplaceAll(strings.TrimSpace(p.Doc), "\n", "\n-- "))
	}
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s (\n    tenant_id uuid NOT NULL,\n", table)
	for _, f := range OwnKey(p) {
		fmt.Fprintf(&b, "    %s %s NOT NULL,\n", Quote(f.Name), ColumnType(f.Type))
	}
	fmt.Fprintf(&b, "    PRIMARY KEY (%s)\n);\n", quoteAll(KeyColumns(p)))
	if len(p.Columns) > 0 {
		fmt.Fprintf(&b, "ALTER TABLE %s\n    %s;\n", table, strings.Join(addColumns(p.Columns), ",\n    "))
	}
	for _, columns := range p.Unique {
		fmt.Fprintf(&b, "CREATE UNIQUE INDEX IF NOT EXISTS %s ON %s (%s);\n", Quote(UniqueName(p, columns)), table, quoteAll(uniqueColumns(p, columns)))
	}
	if sorting := sortingColumns(p); len(sorting) > 0 {
		fmt.Fprintf(&b, "CREATE INDEX IF NOT EXISTS %s ON %s (tenant_id, %s);\n", Quote(p.Name+"_sorted"), table, strings.Join(sorting, ", "))
	}
	for _, f := range slices.Concat(p.Key, p.Columns) {
		if f.PII {
			fmt.Fprintf(&b, "COMMENT ON COLUMN %s.%s IS 'personal data';\n", table, Quote(f.Name))
		}
	}
	b.WriteString(protection(p))
	return b.String()
}

// sortingColumns are those of order_by, if that is not the key. Lists order texts
// by their bytes, as ClickHouse does.
func sortingColumns(p *ir.Projection) []string {
	var columns []string
	for i, name := range p.OrderBy {
		if len(p.OrderBy) == len(p.Key) && p.Key[i].Name == name {
			continue
		}
		column := Quote(name)
		if ColumnType(p.Column(name).Type) == "text" {
			column += ` COLLATE "C"`
		}
		columns = append(columns, column)
	}
	return columns
}

// Table is the projection's qualified table name.
func Table(p *ir.Projection) string { return Quote(p.Module) + "." + Quote(p.Name) }

// OwnKey is the key without the tenant, which every table has anyway.
func OwnKey(p *ir.Projection) []*ir.Field {
	return slices.DeleteFunc(slices.Clone(p.Key), func(f *ir.Field) bool { return f.Name == "tenant_id" })
}

// KeyColumns identify a row: the tenant, then the key.
func KeyColumns(p *ir.Projection) []string {
	names := []string{"tenant_id"}
	for _, f := range OwnKey(p) {
		names = append(names, f.Name)
	}
	return names
}

// UniqueName is the name of the index that keeps columns unique; a violation names it.
func UniqueName(p *ir.Projection, columns []string) string {
	return p.Name + "_" + strings.Join(columns, "_")
}

// uniqueColumns has the tenant in front unless values are unique across tenants.
func uniqueColumns(p *ir.Projection, columns []string) []string {
	if p.Platform {
		return columns
	}
	return append([]string{"tenant_id"}, columns...)
}

func addColumns(fields []*ir.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = fmt.Sprintf("ADD COLUMN IF NOT EXISTS %s %s", Quote(f.Name), ColumnType(f.Type))
		if !f.Type.Optional {
			out[i] += " NOT NULL DEFAULT " + zero(f.Type)
		}
	}
	return out
}

// ofTenants are the rows of the tenants that a transaction names.
const ofTenants = "tenant_id = ANY ((SELECT nullif(current_setting('oksai.tenants', true), '')::uuid[])::uuid[])"

// protection keeps each transaction to the tenants that it names, also where a
// statement forgets to; only what has the platform's scope is read across tenants.
func protection(p *ir.Projection) string {
	rights := "SELECT, INSERT, UPDATE, DELETE"
	if !p.Inline {
		rights += ", TRUNCATE" // a rebuild begins with an empty table
	}
	readers := ofTenants
	if p.Platform {
		readers = "true" // queries of a tenant add the tenant themselves
	}
	return strings.NewReplacer("{table}", Table(p), "{rights}", rights, "{readers}", readers, "{writers}", ofTenants).Replace(`ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reader ON {table};
CREATE POLICY reader ON {table} FOR SELECT TO oksai_reader USING ({readers});
DROP POLICY IF EXISTS writer ON {table};
CREATE POLICY writer ON {table} TO oksai_writer
    USING ({writers});
GRANT SELECT ON {table} TO oksai_reader;
GRANT {rights} ON {table} TO oksai_writer;
`)
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = Quote(name)
	}
	return strings.Join(quoted, ", ")
}
