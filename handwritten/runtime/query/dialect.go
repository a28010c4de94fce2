package query

import "context"

// dialect is what differs between the stores. All else of a list, its
// conditions, its order and its cursors, is the same.
type dialect interface {
	// from reads each row once; live is the condition that it was not removed.
	from(table string) string
	live() string
	// param is the statement's nth parameter, from 0, and what is sent for it.
	param(n int, typ string, value any) (sql string, arg any, err error)
	// text is a value as a cursor keeps it; NULL has none, ok is then false.
	text(typ string, value any) (text string, ok bool, err error)
	// kept is a parameter with a text that a cursor kept.
	kept(n int, typ, text string) (sql string, arg any, err error)
	// in and overlaps compare a column, of the type, with a list of values.
	in(typ string) (comparison, listType string)
	overlaps(column, list string) string
	// lower is a column without the difference of upper and lower case.
	lower(column string) string
	// sorted is a column in the order of its bytes.
	sorted(column, typ string) string
	// tenant is the type of the tenants' column.
	tenant() string
	count() string
	// read sends the statement and calls scan for each row.
	read(ctx context.Context, db DB, scope Scope, statement string, args []any, scan func(row) error) error
	// failed is what a client may know of an error of the store.
	failed(err error) error
}

// row is one row of an answer.
type row interface{ Scan(into ...any) error }
