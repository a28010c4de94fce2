// Package query reads the read models that package projection keeps in
// ClickHouse and PostgreSQL: lists, single rows, counts and aggregates.
//
// A statement cannot be built without a Scope, so none can forget the tenant.
// Values travel as typed server-side parameters, never as SQL text; column
// names come from the generated description of the table only. A list means the
// same in both stores: same filters, same order (of bytes, rows without a value
// last), same cursors; what differs in SQL is in their dialects.
package query
