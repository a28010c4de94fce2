package eventstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// The setting is local to its transaction: a session-level one would leak to
// the next user of a pooled connection.
const setTenants = "SELECT set_config('oksai.tenants', $1, true)"

// InTenants runs do in a transaction of the role oksai_writer in which exactly
// the given tenants' rows exist, and commits it when do returns nil.
func (s *Store) InTenants(ctx context.Context, tenants []uuid.UUID, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.writer, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setTenants, uuidArray(tenants)); err != nil {
			return fmt.Errorf("choose the tenants of a transaction: %w", err)
		}
		return do(tx)
	})
}

// Among runs do while exactly the given tenants' rows exist in tx, a transaction
// of an append or of InTenants, for what concerns more tenants than it began with.
// Without an error tx is afterwards as it was.
func Among(ctx context.Context, tx pgx.Tx, tenants []uuid.UUID, do func() error) error {
	var before string
	if err := tx.QueryRow(ctx, "SELECT current_setting('oksai.tenants')").Scan(&before); err != nil {
		return fmt.Errorf("ask for the tenants of a transaction: %w", err)
	}
	if _, err := tx.Exec(ctx, setTenants, uuidArray(tenants)); err != nil {
		return fmt.Errorf("choose the tenants of a transaction anew: %w", err)
	}
	if err := do(); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, setTenants, before); err != nil {
		return fmt.Errorf("set the tenants of a transaction back: %w", err)
	}
	return nil
}

// forTenants gives the statements, each in a transaction of its own in which
// only the given tenants' rows exist.
func (s *Store) forTenants(tenants ...uuid.UUID) *db.Queries {
	return db.New(tenantDB{conn: s.writer, tenants: uuidArray(tenants)})
}

// batcher is a connection or a pool.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// tenantDB sends each statement together with the setting that chooses its
// tenants. Both travel in one round trip and are one transaction, which the
// server commits when the batch ends: BEGIN and COMMIT as round trips of their
// own would cost 40 %.
type tenantDB struct {
	conn    batcher
	tenants string
}

func (d tenantDB) send(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	var batch pgx.Batch
	batch.Queue(setTenants, d.tenants)
	batch.Queue(sql, args...)
	results := d.conn.SendBatch(ctx, &batch)
	if _, err := results.Exec(); err != nil {
		results.Close()
		return nil, err
	}
	return results, nil
}

// Exec implements db.DBTX.
func (d tenantDB) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := d.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag, err
}

// Query implements db.DBTX.
func (d tenantDB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results, err := d.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		results.Close()
		return nil, err
	}
	return &tenantRows{Rows: rows, results: results}, nil
}

// QueryRow implements db.DBTX.
func (d tenantDB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := d.Query(ctx, sql, args...)
	return tenantRow{rows: rows, err: err}
}

// tenantRows ends the batch with its last row, so that Err also tells of a
// commit that failed.
type tenantRows struct {
	pgx.Rows
	results pgx.BatchResults
	err     error
}

func (r *tenantRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *tenantRows) Close() {
	r.Rows.Close()
	if err := r.results.Close(); r.err == nil {
		r.err = err
	}
}

func (r *tenantRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

type tenantRow struct {
	rows pgx.Rows
	err  error
}

func (r tenantRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

func uuidArray(ids []uuid.UUID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}
