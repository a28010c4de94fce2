package projection

import (
	"context"
	"time"
)

const (
	retryFirst = 250 * time.Millisecond
	retryMax   = 15 * time.Second
)

// insist repeats ensure with growing pauses until it succeeds. It reports false
// when the context ended first.
func (c Config) insist(ctx context.Context, consumer string, ensure func(context.Context) error) bool {
	for wait := retryFirst; ; wait = min(2*wait, retryMax) {
		err := ensure(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		_ = c.Store.failed(ctx, consumer, err) // PostgreSQL may be what is away
		c.Logger.Warn("the read model cannot be built yet, it is tried again", "error", err, "after", wait)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}
