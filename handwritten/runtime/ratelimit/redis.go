package ratelimit

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

//go:embed take.lua
var takeScript string

var take = redis.NewScript(takeScript)

// Redis keeps buckets in Redis, for all processes.
type Redis struct {
	client redis.UniversalClient
	prefix string
}

// NewRedis returns the buckets whose keys in Redis begin with prefix.
func NewRedis(client redis.UniversalClient, prefix string) *Redis {
	return &Redis{client: client, prefix: prefix}
}

// Take implements Buckets, in one exchange.
func (r *Redis) Take(ctx context.Context, key string, rate Rate, n int64) (Grant, error) {
	answer, err := take.Run(ctx, r.client, []string{r.prefix + key}, strconv.FormatFloat(rate.PerSecond, 'f', -1, 64), rate.Burst, n).Slice()
	if err != nil {
		return Grant{}, fmt.Errorf("ratelimit: take tokens in Redis: %w", err)
	}
	if len(answer) == 2 {
		given, ok := answer[0].(int64)
		text, _ := answer[1].(string)
		if left, err := strconv.ParseFloat(text, 64); ok && err == nil && given >= 0 && given <= n {
			return Grant{Tokens: given, Left: left}, nil
		}
	}
	return Grant{}, fmt.Errorf("ratelimit: Redis answered %v, which is not a number of tokens: is the key %s used by something else?", answer, r.prefix+key)
}
