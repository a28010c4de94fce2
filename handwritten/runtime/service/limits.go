package service

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/ratelimit"
	"github.com/oksai/oksai/handwritten/runtime/usage"
)

// LimitConfig is how often the API may be called; each rate is in calls per second.
type LimitConfig struct {
	RateLimitTenant    float64 `env:"RATE_LIMIT_TENANT" envDefault:"10000"`
	RateLimitPrincipal float64 `env:"RATE_LIMIT_PRINCIPAL" envDefault:"5000"`
	// RateLimitPublic is for each client address on the routes that need no token.
	RateLimitPublic float64 `env:"RATE_LIMIT_PUBLIC" envDefault:"100"`
}

// alonePublic is the share of the public routes' rate that a process grants
// while Redis is away: who tries passwords must not gain from an outage. All
// other routes go on at their full rate in each process.
const alonePublic = 0.25

// limits is the app's httpx.Limiter: public routes by the client's address, all
// others by principal and by tenant, and a tenant's by the calls of its plan.
type limits struct {
	public, principal, tenant *ratelimit.Limiter
	meter                     *usage.Meter
	// callsPerDay is a tenant's bound, nil for none.
	callsPerDay func(ctx context.Context, tenant uuid.UUID) (*int64, error)
	// room refuses what a tenant's storage is too full for.
	room func(ctx context.Context, tenant uuid.UUID) error
}

// newLimits makes the three limits; each says what they have in common.
func newLimits(c LimitConfig, platform string, client redis.UniversalClient, each ratelimit.Config) (*limits, error) {
	l := &limits{}
	for _, limit := range []struct {
		name      string
		perSecond float64
		alone     float64
		into      **ratelimit.Limiter
	}{
		{"address", c.RateLimitPublic, alonePublic, &l.public},
		{"principal", c.RateLimitPrincipal, 1, &l.principal},
		{"tenant", c.RateLimitTenant, 1, &l.tenant},
	} {
		var err error
		each.Name, each.Rate = limit.name, ratelimit.PerSecond(limit.perSecond)
		each.Alone = each.Rate.Part(limit.alone)
		each.Shared = ratelimit.NewRedis(client, platform+":rate:1:"+limit.name+":")
		if *limit.into, err = ratelimit.New(each); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Admit implements httpx.Limiter.
func (l *limits) Admit(ctx context.Context, op httpx.Operation, answer http.Header) error {
	if op.Public {
		return take(ctx, l.public, network(httpx.Address(ctx)), answer)
	}
	p, _ := authn.From(ctx)
	if err := take(ctx, l.principal, p.Tenant.String()+":"+p.Subject, answer); err != nil {
		return err
	}
	if p.Tenant == uuid.Nil {
		return nil // the platform's own people
	}
	if err := take(ctx, l.tenant, p.Tenant.String(), answer); err != nil {
		return err
	}
	if err := l.count(ctx, p.Tenant, answer); err != nil || !op.Stores {
		return err
	}
	return l.room(ctx, p.Tenant)
}

func take(ctx context.Context, l *ratelimit.Limiter, key string, answer http.Header) error {
	verdict := l.Take(ctx, key)
	l.State(verdict).Tell(answer)
	if !verdict.OK {
		answer.Set("Retry-After", ratelimit.Seconds(verdict.Wait))
		return problem.RateLimited(l.Name())
	}
	return nil
}

// count notes a call for billing, if the day has one left.
func (l *limits) count(ctx context.Context, tenant uuid.UUID, answer http.Header) error {
	bound, err := l.callsPerDay(ctx, tenant)
	if err != nil {
		return err
	}
	day := l.meter.Count(ctx, tenant, bound)
	if bound == nil {
		return nil
	}
	ratelimit.State{Name: "daily", Quota: *bound, Window: 24 * time.Hour, Left: day.Left, Reset: day.Rest}.Tell(answer)
	if !day.OK {
		answer.Set("Retry-After", ratelimit.Seconds(day.Rest))
		return problem.QuotaExceeded(*bound)
	}
	return nil
}

// network is what one client has for itself: an IPv4 address, or an IPv6 network of 64 bits.
func network(address netip.Addr) string {
	if prefix, err := address.Prefix(64); err == nil && address.Is6() {
		return prefix.String()
	}
	return address.String()
}
