// Package ratelimit limits how often somebody may do something. All processes
// share token buckets in Redis; while Redis is away each has buckets of its own.
package ratelimit

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Rate describes a token bucket: it holds Burst tokens at most and gets
// PerSecond new ones every second, evenly. Each call takes one.
type Rate struct {
	PerSecond float64
	Burst     int64
}

// PerSecond is a rate whose bucket holds what comes in two seconds, so that
// clients that work in bursts are not slower than those that do not.
func PerSecond(n float64) Rate { return Rate{PerSecond: n, Burst: int64(math.Ceil(2 * n))} }

// Window is how long an empty bucket takes to be full.
func (r Rate) Window() time.Duration { return r.until(float64(r.Burst)) }

// Part is a rate of that share of r, of at least one token.
func (r Rate) Part(share float64) Rate {
	return Rate{PerSecond: r.PerSecond * share, Burst: max(1, int64(float64(r.Burst)*share))}
}

// until is how long the bucket takes to get tokens.
func (r Rate) until(tokens float64) time.Duration {
	return time.Duration(max(0, tokens) / r.PerSecond * float64(time.Second))
}

func (r Rate) validate() error {
	if !(r.PerSecond > 0) || math.IsInf(r.PerSecond, 1) || r.Burst < 1 {
		return fmt.Errorf("ratelimit: %v tokens per second in a bucket of %d: both must be more than nothing", r.PerSecond, r.Burst)
	}
	return nil
}

// Grant is what a bucket gave.
type Grant struct {
	// Tokens were taken: as many as were asked for, or as there were.
	Tokens int64
	// Left are in the bucket now, with the part of one that is under way.
	Left float64
}

// Buckets keeps a bucket for each key. One that nobody has touched is full.
type Buckets interface {
	// Take takes up to n tokens from the bucket of key. It fails where nobody can tell what is in it.
	Take(ctx context.Context, key string, rate Rate, n int64) (Grant, error)
}
