package clickhouse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// TableDDL returns the CREATE TABLE statement of a projection's rows, with
// {table} where its name belongs: the runtime names each version of a table.
//
// A row is replaced by writing it again with a higher _position, so the sorting
// key must be what never changes about a row: tenant and key, nothing else. The
// spec's order_by may hold columns that an event could change (created_at is one
// as far as ClickHouse knows); two versions of a row would then both survive.
// It is the default order of lists instead.
//
// _deleted is not given to the engine: a tombstone that FINAL hides would let a
// redelivered event bring its row back.
func TableDDL(p *ir.Projection) string {
	lines := []string{"tenant_id UUID"}
	sorting := []string{"tenant_id"}
	for _, f := range p.Key {
		sorting = append(sorting, ColumnName(f.Name))
	}
	for _, f := range slices.Concat(p.Key, p.Columns) {
		lines = append(lines, ColumnName(f.Name)+" "+storedType(f.Type)+remark(f))
	}
	lines = append(lines, "_position UInt128", "_deleted UInt8")
	for _, column := range p.Search {
		lines = append(lines, searchIndex(column))
	}
	return fmt.Sprintf("CREATE TABLE {table} (\n    %s\n) ENGINE = ReplacingMergeTree(_position)\nORDER BY (%s)%s",
		strings.Join(lines, ",\n    "), strings.Join(sorting, ", "), retention(p))
}

// remark tells those who look at the table which columns hold personal data.
func remark(f *ir.Field) string {
	if f.PII {
		return " COMMENT 'personal data'"
	}
	return ""
}

// ColumnName is how a projection's column is called in ClickHouse. Every table
// has tenant_id for the runtime's own use, so a projection whose key is the
// tenant keeps its copy under another name.
func ColumnName(name string) string {
	if name == "tenant_id" {
		return "key_tenant_id"
	}
	return name
}

// searchIndex lets a search for part of a text skip the blocks that cannot
// contain it; answers are right without it.
func searchIndex(column string) string {
	return fmt.Sprintf("INDEX %[1]s_search lowerUTF8(%[1]s) TYPE ngrambf_v1(3, 8192, 2, 0) GRANULARITY 1", ColumnName(column))
}

// retention drops rows that are too old. Tombstones stay: they keep late
// redeliveries of an event from bringing a deleted row back.
func retention(p *ir.Projection) string {
	if p.TTLDays == 0 || p.TTLColumn == "" {
		return ""
	}
	return fmt.Sprintf("\nTTL %s + INTERVAL %d DAY DELETE WHERE _deleted = 0", ColumnName(p.TTLColumn), p.TTLDays)
}
