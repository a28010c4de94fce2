// Package query reads the read models that package projection keeps in
// ClickHouse: lists, single rows, counts and aggregates.
//
// A statement cannot be built without a Scope, so none can forget the tenant.
// Values travel as typed server-side parameters, never as SQL text; column
// names come from the generated description of the table only. Tables are read
// with FINAL, because merges are eventual, and without tombstones.
package query
