package audit

import (
	"context"
	"fmt"
	"time"
)

const (
	forgetInterval = time.Hour
	forgetPage     = 1000 // bounds one transaction
)

// Run forgets now and every hour what is too old, until ctx ends, and then returns nil.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(forgetInterval)
	defer tick.Stop()
	for {
		if _, err := s.Forget(ctx); err != nil && ctx.Err() == nil {
			s.config.Log.Warn("old audit entries stay until the next attempt", "error", err, "after", forgetInterval)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Forget deletes the entries that are older than Config.Keep and returns their number.
func (s *Store) Forget(ctx context.Context) (forgotten int, err error) {
	before := s.config.Clock().Add(-s.config.Keep)
	for {
		var page int
		if err := s.config.Store.Writer().QueryRow(ctx, "SELECT oksai_audit.forget($1, $2)", before, forgetPage).Scan(&page); err != nil {
			return forgotten, fmt.Errorf("forget audit entries from before %v: %w", before, err)
		}
		forgotten += page
		if page < forgetPage {
			return forgotten, nil
		}
	}
}
