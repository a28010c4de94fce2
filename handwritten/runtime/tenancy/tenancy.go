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

// Standing is all that the platform knows of a tenant before it lets its people in.
type Standing struct {
	Status Status
	// CallsPerDay bounds the API calls of a day (UTC); nil is no bound.
	CallsPerDay *int64
	// StorageGB bounds what the tenant stores, nil is no bound; Stored is how many
	// bytes that is, where there is a bound.
	StorageGB *int64
	Stored    int64
}

// GB is a gigabyte in bytes, as in the SI.
const GB = 1_000_000_000

// Directory knows the tenants' standing. What it answers may be cached by it, but not for longer
// than the platform may take to notice a suspension.
type Directory interface {
	Standing(ctx context.Context, tenant uuid.UUID) (Standing, error)
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
	Standing
	at time.Time
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
	standing, err := g.standing(ctx, tenant)
	if err != nil {
		return err
	}
	switch standing.Status {
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
	standing, err := g.standing(ctx, tenant)
	if err != nil {
		return err
	}
	switch standing.Status {
	case Active, Suspended, Closed:
		return nil
	}
	return problem.New(404, "TENANT_UNKNOWN", "Tenant unknown", "the platform has no such tenant")
}

// CallsPerDay is how many API calls the tenant may make on a day (UTC), nil
// without bound; problem 503 where nobody can tell.
func (g *Guard) CallsPerDay(ctx context.Context, tenant uuid.UUID) (*int64, error) {
	standing, err := g.standing(ctx, tenant)
	return standing.CallsPerDay, err
}

// Room returns nil while the tenant may begin something more, problem 409
// STORAGE_FULL otherwise, and 503 where nobody can tell.
func (g *Guard) Room(ctx context.Context, tenant uuid.UUID) error {
	standing, err := g.standing(ctx, tenant)
	if err != nil || standing.StorageGB == nil || standing.Stored < *standing.StorageGB*GB {
		return err
	}
	return problem.StorageFull(*standing.StorageGB)
}

// Forget makes the next Check ask again; call it when a tenant's status changed here.
func (g *Guard) Forget(tenant uuid.UUID) { g.known.Remove(tenant) }

func (g *Guard) standing(ctx context.Context, tenant uuid.UUID) (Standing, error) {
	if known, ok := g.known.Get(tenant); ok && g.clock().Sub(known.at) < g.ttl {
		return known.Standing, nil
	}
	standing, err := g.ask(ctx, tenant)
	if err != nil {
		return Standing{}, problem.Unavailable("the tenant's status cannot be read; retry shortly").Because(err)
	}
	return standing, nil
}

// ask asks the directory, once for all who ask at the same time.
func (g *Guard) ask(ctx context.Context, tenant uuid.UUID) (Standing, error) {
	answered := g.asking.DoChan(tenant.String(), func() (any, error) {
		// The time before asking: an answer is as old as its question.
		at := g.clock()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), MaxStale)
		defer cancel()
		standing, err := g.directory.Standing(ctx, tenant)
		if err != nil {
			return Standing{}, fmt.Errorf("tenancy: standing of %s: %w", tenant, err)
		}
		g.known.Add(tenant, answer{standing, at})
		return standing, nil
	})
	select {
	case r := <-answered:
		if r.Err != nil {
			return Standing{}, r.Err
		}
		return r.Val.(Standing), nil
	case <-ctx.Done():
		return Standing{}, context.Cause(ctx)
	}
}
