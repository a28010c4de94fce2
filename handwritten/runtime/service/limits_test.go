package service

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/ratelimit"
	"github.com/oksai/oksai/handwritten/runtime/usage"
)

var (
	read   = httpx.Operation{Name: "GetJob"}
	signIn = httpx.Operation{Name: "SignIn", Public: true}
)

// testLimits are those of one replica. Its clock and that of its Redis stand still.
func testLimits(t *testing.T, server *miniredis.Miniredis, c LimitConfig) *limits {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	now := time.Now()
	// A slow test machine must not look like a Redis that is away.
	l, err := newLimits(c, "test", client, ratelimit.Config{Timeout: time.Minute, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l.meter = usage.NewMeter(nil, time.Now, slog.New(slog.DiscardHandler))
	l.callsPerDay = func(context.Context, uuid.UUID) (*int64, error) { return nil, nil }
	l.room = func(context.Context, uuid.UUID) error { return nil }
	return l
}

func standing(t *testing.T) *miniredis.Miniredis {
	t.Helper()
	server := miniredis.RunT(t)
	server.SetTime(time.Now())
	return server
}

func as(subject string, tenant uuid.UUID) context.Context {
	return authn.With(context.Background(), authn.Principal{Subject: subject, Tenant: tenant})
}

// admitted makes calls until one is refused for the given limit.
func admitted(t *testing.T, l *limits, ctx context.Context, op httpx.Operation, limit string) (calls int) {
	t.Helper()
	for ; calls < 1000; calls++ {
		answer := http.Header{}
		err := l.Admit(ctx, op, answer)
		if err == nil {
			continue
		}
		refused, ok := errors.AsType[*problem.Error](err)
		if !ok || refused.Code != "RATE_LIMITED" || refused.Detail != problem.RateLimited(limit).Detail || answer.Get("Retry-After") == "" {
			t.Errorf("refused with %v and Retry-After %q, want the limit per %s", err, answer.Get("Retry-After"), limit)
		}
		return calls
	}
	return calls
}

func TestLimitsPerPrincipalAndTenant(t *testing.T) {
	t.Parallel()
	server := standing(t)
	a := testLimits(t, server, LimitConfig{RateLimitTenant: 8, RateLimitPrincipal: 5, RateLimitPublic: 1})
	b := testLimits(t, server, LimitConfig{RateLimitTenant: 8, RateLimitPrincipal: 5, RateLimitPublic: 1})
	acme, other := uuid.New(), uuid.New()
	if got := admitted(t, a, as("ann", acme), read, "principal"); got != 10 {
		t.Errorf("ann made %d calls, want the 10 that a bucket holds", got)
	}
	if got := admitted(t, b, as("ann", acme), read, "principal"); got != 0 {
		t.Errorf("ann made %d more calls through another replica", got)
	}
	if got := admitted(t, b, as("bob", acme), read, "tenant"); got != 6 {
		t.Errorf("bob made %d calls, want the 6 that his tenant had left", got)
	}
	if got := admitted(t, b, as("ann", other), read, "principal"); got != 10 {
		t.Errorf("ann made %d calls in another tenant, want 10", got)
	}
	if got := admitted(t, b, as("operator", uuid.Nil), read, "principal"); got != 10 {
		t.Errorf("an operator made %d calls, want 10", got)
	}
}

func TestPublicRoutesAreStricterWithoutRedis(t *testing.T) {
	t.Parallel()
	server := standing(t)
	c := LimitConfig{RateLimitTenant: 4, RateLimitPrincipal: 4, RateLimitPublic: 4}
	if got := admitted(t, testLimits(t, server, c), context.Background(), signIn, "address"); got != 8 {
		t.Errorf("%d calls with Redis, want 8", got)
	}
	l := testLimits(t, server, c)
	server.Close()
	if got := admitted(t, l, context.Background(), signIn, "address"); got != 2 {
		t.Errorf("%d public calls without Redis, want a quarter", got)
	}
	if got := admitted(t, l, as("ann", uuid.Nil), read, "principal"); got != 8 {
		t.Errorf("%d reads without Redis, want as many as with it", got)
	}
}

func TestWhatAClientHasForItself(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"198.51.100.7": "198.51.100.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64",
	} {
		if got := network(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// BenchmarkAdmit is what all limits together cost a call while they do not refuse it.
func BenchmarkAdmit(b *testing.B) {
	server := miniredis.RunT(b)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	l, err := newLimits(LimitConfig{RateLimitTenant: 1e9, RateLimitPrincipal: 1e9, RateLimitPublic: 1e9}, "test", client, ratelimit.Config{Timeout: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	l.meter = usage.NewMeter(nil, time.Now, slog.New(slog.DiscardHandler))
	l.callsPerDay = func(context.Context, uuid.UUID) (*int64, error) { return nil, nil }
	l.room = func(context.Context, uuid.UUID) error { return nil }
	ctx := as("ann", uuid.New())
	for b.Loop() {
		if err := l.Admit(ctx, read, http.Header{}); err != nil {
			b.Fatal(err)
		}
	}
}
