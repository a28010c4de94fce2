package query

import "context"

// CountAll counts the rows that a scope's transaction sees of a table in
// PostgreSQL, without the condition that every statement of a list has.
func CountAll(ctx context.Context, db DB, scope Scope, table string) (n int64, err error) {
	err = postgres{}.read(ctx, db, scope, "SELECT count(*) FROM "+table, nil, func(r row) error { return r.Scan(&n) })
	return n, err
}
