package usage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

const (
	// MeasureEvery is how often the log is read on.
	MeasureEvery = time.Minute
	// pageSize is how many events are summed at a time.
	pageSize = 500
)

// Storage measures what tenants store: the payloads of their events, which all
// read models are made of. One of the platform's processes sums a page of the
// log; the others find its position moved.
type Storage struct {
	store *eventstore.Store
	log   *slog.Logger
}

// NewStorage returns what measures when it is Run.
func NewStorage(store *eventstore.Store, log *slog.Logger) *Storage { return &Storage{store, log} }

// Stored is how many bytes a tenant stores, as last measured.
func Stored(ctx context.Context, store *eventstore.Store, tenant uuid.UUID) (bytes int64, err error) {
	err = store.Reader().QueryRow(ctx, `SELECT bytes FROM oksai_usage.storage WHERE tenant_id = $1`, tenant).Scan(&bytes)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read what tenant %s stores: %w", tenant, err)
	}
	return bytes, nil
}

// Run measures until ctx ends, and then returns nil.
func (s *Storage) Run(ctx context.Context) error {
	tick := time.NewTicker(MeasureEvery)
	defer tick.Stop()
	for {
		if err := s.Measure(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "usage: what tenants store could not be measured, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Measure sums the log from where it was summed last to its present end.
func (s *Storage) Measure(ctx context.Context) error {
	for {
		from, err := s.position(ctx)
		if err != nil {
			return err
		}
		page, err := s.store.ReadLog(ctx, from, pageSize)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := s.add(ctx, from, page[len(page)-1].Position, bytesOf(page)); err != nil {
			return err
		}
	}
}

func (s *Storage) position(ctx context.Context) (p event.Position, err error) {
	err = s.store.Reader().QueryRow(ctx, `SELECT epoch, xid, seq FROM oksai_usage.storage_position`).Scan(&p.Epoch, &p.XID, &p.Seq)
	if err != nil {
		return p, fmt.Errorf("read how far the log is measured: %w", err)
	}
	return p, nil
}

func bytesOf(page []event.Recorded) map[uuid.UUID]int64 {
	sums := map[uuid.UUID]int64{}
	for i := range page {
		sums[page[i].Stream.Tenant] += int64(len(page[i].Payload))
	}
	return sums
}

// add adds a page's sums, unless another process has done so.
func (s *Storage) add(ctx context.Context, from, to event.Position, sums map[uuid.UUID]int64) error {
	tenants := slices.SortedFunc(maps.Keys(sums), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	bytes := make([]int64, len(tenants))
	for i, t := range tenants {
		bytes[i] = sums[t]
	}
	err := s.store.InTenants(ctx, tenants, func(tx pgx.Tx) error {
		moved, err := tx.Exec(ctx, `
			UPDATE oksai_usage.storage_position SET epoch = $4, xid = $5, seq = $6 WHERE (epoch, xid, seq) = ($1, $2, $3)`,
			int32(from.Epoch), from.XID, from.Seq, int32(to.Epoch), to.XID, to.Seq)
		if err != nil || moved.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO oksai_usage.storage AS s (tenant_id, bytes) SELECT * FROM ROWS FROM (unnest($1::uuid[]), unnest($2::bigint[]))
			ON CONFLICT (tenant_id) DO UPDATE SET bytes = s.bytes + EXCLUDED.bytes`, tenants, bytes)
		return err
	})
	if err != nil {
		return fmt.Errorf("add what %d tenants store: %w", len(tenants), err)
	}
	return nil
}
