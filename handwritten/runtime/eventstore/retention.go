package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

const (
	forgetInterval = time.Hour
	forgetPage     = 1000
)

// ForgetKeys deletes the keys that are older than Config.KeepKeys and returns
// their number. A command that comes with a forgotten key is a new command.
func (s *Store) ForgetKeys(ctx context.Context) (forgotten int, err error) {
	before := s.now().Add(-s.config.KeepKeys)
	for {
		page, err := s.forgetPage(ctx, before)
		forgotten += page
		if err != nil || page < forgetPage {
			return forgotten, err
		}
	}
}

// forgetPage finds keys as the reader, who sees all tenants but may not delete,
// and deletes them as the writer, who may for the tenants it names.
func (s *Store) forgetPage(ctx context.Context, before time.Time) (int, error) {
	expired, err := db.New(s.reader).ExpiredKeys(ctx, db.ExpiredKeysParams{Before: before, Page: forgetPage})
	if err != nil {
		return 0, fmt.Errorf("look for keys from before %v: %w", before, err)
	}
	gone := db.DeleteKeysParams{Before: before}
	for _, key := range expired {
		gone.Tenants = append(gone.Tenants, key.TenantID)
		gone.Scopes = append(gone.Scopes, key.Scope)
		gone.Names = append(gone.Names, key.Name)
	}
	if len(expired) == 0 {
		return 0, nil
	}
	if err := s.forTenants(gone.Tenants...).DeleteKeys(ctx, gone); err != nil {
		return 0, fmt.Errorf("forget keys from before %v: %w", before, err)
	}
	return len(expired), nil
}

// forgetOldKeys does so now and every hour, until ctx ends.
func (s *Store) forgetOldKeys(ctx context.Context) {
	tick := time.NewTicker(forgetInterval)
	defer tick.Stop()
	for {
		if _, err := s.ForgetKeys(ctx); err != nil && ctx.Err() == nil {
			s.config.Log.Warn("old keys stay until the next attempt", "error", err, "after", forgetInterval)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
