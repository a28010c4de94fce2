package audit

import (
	"context"
	"fmt"
)

// forgetPage bounds one transaction.
const forgetPage = 1000

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
