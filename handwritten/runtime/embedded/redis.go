package embedded

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// redis is a cache inside this process. It keeps nothing on disk: what it holds
// can be made again.
type redis struct{ server *miniredis.Miniredis }

func startRedis(address *string) (engine, error) {
	server := miniredis.NewMiniRedis()
	password := rand.Text()
	server.RequireAuth(password)
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("embedded: start redis: %w", err)
	}
	u := url.URL{Scheme: "redis", User: url.UserPassword("", password), Host: server.Addr(), Path: "/0"}
	*address = u.String()
	return redis{server}, nil
}

// Supervise moves the server's clock, which stands still by itself: without it
// no key would ever expire.
func (r redis) Supervise(ctx context.Context) error {
	const step = 100 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			r.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

// Stop implements engine.
func (r redis) Stop(context.Context) error {
	r.server.Close()
	return nil
}
