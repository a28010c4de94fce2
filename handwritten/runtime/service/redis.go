package service

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

func openRedis(rawURL string) (*redis.Client, error) {
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	options.ContextTimeoutEnabled = true // else what bounds an exchange by its context would bound nothing
	return redis.NewClient(options), nil
}

// redisLog makes what the client prints entries of the app's log. The client has
// one logger in each process.
type redisLog struct{ *slog.Logger }

// Printf implements the client's interface.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.WarnContext(ctx, "Redis client", "message", fmt.Sprintf(format, v...))
}
