package apikey

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// FlushInterval is how often it is written when keys were used, which Run of
// package signin keeps: a write per request would cost more than the request.
const FlushInterval = time.Minute

// usage collects when keys were used last.
type usage struct {
	mu   sync.Mutex
	last map[uuid.UUID]use
}

type use struct {
	tenant uuid.UUID
	at     time.Time
}

func (u *usage) note(k Key, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = map[uuid.UUID]use{}
	}
	u.last[k.ID] = use{k.Tenant, at}
}

func (u *usage) take() map[uuid.UUID]use {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.last
	u.last = nil
	return taken
}

// Flush writes when keys were used last. What cannot be written is lost: it is a
// hint for people who clean up.
func (s *Store) Flush(ctx context.Context) error {
	taken := s.used.take()
	if len(taken) == 0 {
		return nil
	}
	var tenants, ids []uuid.UUID
	var times []time.Time
	for id, u := range taken {
		tenants, ids, times = append(tenants, u.tenant), append(ids, id), append(times, u.at)
	}
	const sql = `
UPDATE oksai_identity.api_keys k SET used_at = greatest(k.used_at, u.at)
FROM ROWS FROM (unnest($1::uuid[]), unnest($2::timestamptz[])) AS u (id, at) WHERE k.id = u.id`
	return s.config.Store.InTenants(ctx, tenants, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sql, ids, times); err != nil {
			return fmt.Errorf("write when API keys were used: %w", err)
		}
		return nil
	})
}
