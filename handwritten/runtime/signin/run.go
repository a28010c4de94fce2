package signin

import (
	"context"
	"errors"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/signin/apikey"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/signingkey"
	"golang.org/x/sync/errgroup"
)

// forgetInterval is how often what is over is deleted.
const forgetInterval = time.Hour

// Run keeps the replica's knowledge up to date until ctx ends, and then returns nil.
func (s *Service) Run(ctx context.Context) error {
	var loops errgroup.Group
	for _, l := range []struct {
		what  string
		every time.Duration
		// within gives up on a connection that is dead and does not say so.
		within time.Duration
		do     func(context.Context) error
	}{
		// In time for another poll before the feed is too old.
		{"revocations could not be read", revocation.Interval, revocation.MaxStale / 2, s.feed.Poll},
		{"signing keys could not be read", signingkey.Interval, time.Minute, s.Keys.Refresh},
		{"it could not be written when API keys were used", apikey.FlushInterval, time.Minute, s.APIKeys.Flush},
		{"what is over could not be deleted", forgetInterval, forgetInterval, s.Forget},
	} {
		loops.Go(func() error {
			s.repeat(ctx, l.what, l.every, func() error {
				ctx, cancel := context.WithTimeout(ctx, l.within)
				defer cancel()
				return l.do(ctx)
			})
			return nil
		})
	}
	return loops.Wait()
}

func (s *Service) repeat(ctx context.Context, what string, every time.Duration, do func() error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := do(); err != nil && ctx.Err() == nil {
			s.config.Log.Warn(what+", it is tried again", "error", err, "after", every)
		}
	}
}

// Forget deletes what is over: old sessions, attempts, one-time secrets and revocations.
func (s *Service) Forget(ctx context.Context) error {
	return errors.Join(s.Accounts.Forget(ctx), s.Sessions.Forget(ctx), s.OneTime.Forget(ctx), revocation.Forget(ctx, s.config.Store.Writer(), s.config.Clock()))
}
