// Package tenancy keeps requests of tenants that are suspended, closed or
// unknown away from the system.
package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"golang.org/x/sync/singleflight"
)

// Status is what the platform knows of a tenant.
type Status string

// A tenant that is not Active may not use the platform.
const (
	Unknown   Status = "unknown"
	Active    Status = "active"
	Suspended Status = "suspended"
	Closed    Status = "closed"
)

// Directory knows the tenants' status. What it answers may be cached by it, but not for longer
// than the platform may take to notice a suspension.
type Directory interface {
	Status(ctx context.Context, tenant uuid.UUID) (Status, error)
}

// MaxStale is the longest time for which a Guard may go by an old status.
const MaxStale = 5 * time.Second

// cacheSize bounds the tenants remembered; tokens name only tenants of the issuer's.
const cacheSize = 65536

// Guard decides whether a tenant may use the platform now.
type Guard struct {
	directory Directory
	ttl       time.Duration
	clock     func() time.Time
	known     *lru.Cache[uuid.UUID, answer]
	asking    singleflight.Group
}

type answer struct {
	status Status
	at     time.Time
}

// NewGuard returns a guard that asks directory about each tenant at most once
// per ttl, which is kept between 1 ms and MaxStale.
func NewGuard(directory Directory, ttl time.Duration, clock func() time.Time) *Guard {
	known, err := lru.New[uuid.UUID, answer](cacheSize)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return &Guard{directory: directory, ttl: min(max(ttl, time.Millisecond), MaxStale), clock: clock, known: known}
}

// Check returns nil for an active tenant, problem 403 TENANT_SUSPENDED,
// TENANT_CLOSED or TENANT_UNKNOWN for another, and 503 where nobody can tell:
// a guard that opens when it cannot see guards nothing.
func (g *Guard) Check(ctx context.Context, tenant uuid.UUID) error {
	status, err := g.status(ctx, tenant)
	if err != nil {
		return unreadable(err)
	}
	switch status {
	case Active:
		return nil
	case Suspended:
		return problem.New(403, "TENANT_SUSPENDED", "Tenant suspended", "this tenant is suspended; its owner can find out why and lift it")
	case Closed:
		return problem.New(403, "TENANT_CLOSED", "Tenant closed", "this tenant is closed")
	}
	return problem.New(403, "TENANT_UNKNOWN", "Tenant unknown", "the token's tenant is not one of this platform")
}

// Exists returns nil for any tenant that there is, problem 404 TENANT_UNKNOWN for
// another id, and 503 where nobody can tell.
func (g *Guard) Exists(ctx context.Context, tenant uuid.UUID) error {
	status, err := g.status(ctx, tenant)
	if err != nil {
		return unreadable(err)
	}
	switch status {
	case Active, Suspended, Closed:
		return nil
	}
	return problem.New(404, "TENANT_UNKNOWN", "Tenant unknown", "the platform has no such tenant")
}

func unreadable(err error) error {
	return problem.Unavailable("the tenant's status cannot be read; retry shortly").Because(err)
}

// Forget makes the next Check ask again; call it when a tenant's status changed here.
func (g *Guard) Forget(tenant uuid.UUID) { g.known.Remove(tenant) }

func (g *Guard) status(ctx context.Context, tenant uuid.UUID) (Status, error) {
	if known, ok := g.known.Get(tenant); ok && g.clock().Sub(known.at) < g.ttl {
		return known.status, nil
	}
	answered := g.asking.DoChan(tenant.String(), func() (any, error) {
		// The time before asking: an answer is as old as its question.
		at := g.clock()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), MaxStale)
		defer cancel()
		status, err := g.directory.Status(ctx, tenant)
		if err != nil {
			return Unknown, fmt.Errorf("tenancy: status of %s: %w", tenant, err)
		}
		g.known.Add(tenant, answer{status, at})
		return status, nil
	})
	select {
	case r := <-answered:
		if r.Err != nil {
			return Unknown, r.Err
		}
		return r.Val.(Status), nil
	case <-ctx.Done():
		return Unknown, context.Cause(ctx)
	}
}
