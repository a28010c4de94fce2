package usage

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Calls is how many API calls a tenant made on a day (UTC). A day's number is
// final once it is over for FlushEvery.
func Calls(ctx context.Context, store *eventstore.Store, tenant uuid.UUID, day time.Time) (calls int64, err error) {
	const sql = `SELECT coalesce(sum(calls), 0)::bigint FROM oksai_usage.api_calls WHERE tenant_id = $1 AND day = $2`
	if err := store.Reader().QueryRow(ctx, sql, tenant, day).Scan(&calls); err != nil {
		return 0, fmt.Errorf("read the API calls of tenant %s on %s: %w", tenant, day.Format(time.DateOnly), err)
	}
	return calls, nil
}

// save writes this process's sums, and returns those of all the other processes, in the same order.
func (m *Meter) save(ctx context.Context, days []key, own []int64) ([]int64, error) {
	const (
		write = `INSERT INTO oksai_usage.api_calls (tenant_id, day, process, calls)
			SELECT tenant, day, $3, calls FROM ROWS FROM (unnest($1::uuid[]), unnest($2::date[]), unnest($4::bigint[])) AS u (tenant, day, calls)
			ORDER BY 1, 2 ON CONFLICT (tenant_id, day, process) DO UPDATE SET calls = EXCLUDED.calls`
		read = `SELECT (SELECT coalesce(sum(c.calls), 0)::bigint FROM oksai_usage.api_calls c WHERE c.tenant_id = u.tenant AND c.day = u.day AND c.process <> $3)
			FROM ROWS FROM (unnest($1::uuid[]), unnest($2::date[])) WITH ORDINALITY AS u (tenant, day, place) ORDER BY place`
	)
	tenants, dates := make([]uuid.UUID, len(days)), make([]time.Time, len(days))
	for i, k := range days {
		tenants[i], dates[i] = k.tenant, k.day
	}
	var others []int64
	err := m.store.InTenants(ctx, tenants, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, write, tenants, dates, m.process, own); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, read, tenants, dates, m.process)
		if err != nil {
			return err
		}
		others, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("save the API calls of %d tenants: %w", len(days), err)
	}
	return others, nil
}
