package signin

import (
	"context"
	"errors"
)

// Tick does at once what Run does from time to time.
func Tick(ctx context.Context, s *Service) error {
	return errors.Join(s.feed.Poll(ctx), s.Keys.Refresh(ctx), s.APIKeys.Flush(ctx), s.Forget(ctx))
}
