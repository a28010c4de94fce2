package projection

import "strings"

const (
	tenantColumn   = "tenant_id"
	positionColumn = "_position"
	deletedColumn  = "_deleted"
)

// Column is one column of a read model.
type Column struct {
	Name string
	// Type is the ClickHouse type that a parameter compared with the column has,
	// e.g. "Nullable(Int64)". LowCardinality is left out.
	Type string
}

// Columns are those of one table, in order.
type Columns []Column

// Type is the type of the named column, "" if there is none.
func (all Columns) Type(name string) string {
	for _, c := range all {
		if c.Name == name {
			return c.Type
		}
	}
	return ""
}

// Names lists them for a SELECT or INSERT.
func (all Columns) Names() string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// Table describes a read model's table in ClickHouse. Its identity is the
// definition's hash: a changed definition is another table, built beside the
// old one, with its own consumer and checkpoints.
type Table struct {
	// Module and Name are the spec's, e.g. "job" and "job_facts".
	Module, Name string
	// Hash is hexadecimal, over all that decides what the rows are.
	Hash string
	// DDL is the CREATE TABLE statement with {table} for the name. The engine
	// must be ReplacingMergeTree(_position), without the is_deleted argument: FINAL
	// would hide the tombstones from the fold.
	DDL string
	// Key names the key columns; with the tenant they identify a row. They come
	// first in Columns.
	Key []string
	// Columns are all columns but tenant_id, _position and _deleted.
	Columns Columns
}

const versionDigits = 8

func (t Table) version() string { return t.Hash[:min(versionDigits, len(t.Hash))] }

// Projection is the read model's name for people, e.g. "job.job_facts".
func (t Table) Projection() string { return t.Module + "." + t.Name }

// SQLName is the table's name in ClickHouse, e.g. "job__job_facts_1f0c9a52".
func (t Table) SQLName() string { return t.Module + "__" + t.Name + "_" + t.version() }

// Consumer names the read model's checkpoints and Kafka group, e.g. "job.job_facts@1f0c9a52".
func (t Table) Consumer() string { return t.Projection() + "@" + t.version() }

func (t Table) ddl(name string) string { return strings.ReplaceAll(t.DDL, "{table}", name) }

// insert is the statement that a batch of full rows is sent with.
func (t Table) insert(name string) string {
	return "INSERT INTO " + name + " (" + tenantColumn + ", " + t.Columns.Names() + ", " + positionColumn + ", " + deletedColumn + ")"
}
