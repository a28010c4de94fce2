package tenancy_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/cache"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type directory struct {
	mu     sync.Mutex
	status map[uuid.UUID]tenancy.Status
	calls  *int64
	gb     *int64
	err    error
	asked  atomic.Int32
	gate   chan struct{} // closed lets answers through; nil: always
}

func (d *directory) Standing(_ context.Context, tenant uuid.UUID) (tenancy.Standing, error) {
	d.asked.Add(1)
	if d.gate != nil {
		<-d.gate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return tenancy.Standing{Status: d.status[tenant], CallsPerDay: d.calls, StorageGB: d.gb}, d.err
}

func (d *directory) set(tenant uuid.UUID, s tenancy.Status, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status[tenant], d.err = s, err
}

func code(err error) string {
	var p *problem.Error
	if !errors.As(err, &p) {
		return ""
	}
	return p.Code
}

func TestOnlyActiveTenantsPass(t *testing.T) {
	t.Parallel()
	for status, want := range map[tenancy.Status]string{
		tenancy.Active: "", tenancy.Suspended: "TENANT_SUSPENDED", tenancy.Closed: "TENANT_CLOSED",
		tenancy.Unknown: "TENANT_UNKNOWN", "": "TENANT_UNKNOWN", "odd": "TENANT_UNKNOWN",
	} {
		id := uuid.New()
		d := &directory{status: map[uuid.UUID]tenancy.Status{id: status}}
		if err := tenancy.NewGuard(d, time.Second, time.Now).Check(context.Background(), id); code(err) != want {
			t.Errorf("status %q: Check = %v, want code %q", status, err, want)
		}
	}
}

func TestTenantsThatMayNotActExist(t *testing.T) {
	t.Parallel()
	for status, want := range map[tenancy.Status]string{
		tenancy.Active: "", tenancy.Suspended: "", tenancy.Closed: "",
		tenancy.Unknown: "TENANT_UNKNOWN", "": "TENANT_UNKNOWN", "odd": "TENANT_UNKNOWN",
	} {
		id := uuid.New()
		d := &directory{status: map[uuid.UUID]tenancy.Status{id: status}}
		if err := tenancy.NewGuard(d, time.Second, time.Now).Exists(context.Background(), id); code(err) != want {
			t.Errorf("status %q: Exists = %v, want code %q", status, err, want)
		}
	}
}

func TestSuspensionIsNoticedWithinMaxStale(t *testing.T) {
	t.Parallel()
	id, now := uuid.New(), time.Unix(1000, 0)
	d := &directory{status: map[uuid.UUID]tenancy.Status{id: tenancy.Active}}
	g := tenancy.NewGuard(d, time.Hour, func() time.Time { return now }) // clamped
	for range 10 {
		if err := g.Check(context.Background(), id); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.asked.Load(); n != 1 {
		t.Errorf("the directory was asked %d times, want 1", n)
	}
	d.set(id, tenancy.Suspended, nil)
	now = now.Add(tenancy.MaxStale)
	if err := g.Check(context.Background(), id); code(err) != "TENANT_SUSPENDED" {
		t.Errorf("after MaxStale: Check = %v", err)
	}
	d.set(id, tenancy.Active, nil)
	g.Forget(id)
	if err := g.Check(context.Background(), id); err != nil {
		t.Errorf("after Forget: Check = %v", err)
	}
}

func TestGuardStaysShutWhenItCannotSee(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	d := &directory{status: map[uuid.UUID]tenancy.Status{id: tenancy.Active}, err: errors.New("database down")}
	g := tenancy.NewGuard(d, time.Second, time.Now)
	if err := g.Check(context.Background(), id); code(err) != "UNAVAILABLE" {
		t.Errorf("Check = %v, want UNAVAILABLE", err)
	}
	if err := g.Exists(context.Background(), id); code(err) != "UNAVAILABLE" {
		t.Errorf("Exists = %v, want UNAVAILABLE", err)
	}
	d.set(id, tenancy.Active, nil)
	if err := g.Check(context.Background(), id); err != nil {
		t.Errorf("an error was remembered: %v", err)
	}
}

func TestConcurrentChecksAskOnceAndCanBeCancelled(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	d := &directory{status: map[uuid.UUID]tenancy.Status{id: tenancy.Active}, gate: make(chan struct{})}
	g := tenancy.NewGuard(d, time.Second, time.Now)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.Check(cancelled, id); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled Check = %v", err)
	}
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if err := g.Check(context.Background(), id); err != nil {
				t.Error(err)
			}
		})
	}
	close(d.gate)
	all.Wait()
	if n := d.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want 1", n)
	}
}

func TestCachedDirectoryAsksOnce(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	id, calls := uuid.New(), int64(1000)
	d := &directory{status: map[uuid.UUID]tenancy.Status{id: tenancy.Active}, calls: &calls}
	replica := func() *tenancy.Guard {
		c := cache.New[tenancy.Standing](client, cache.Config{Name: "status", TTL: tenancy.CacheTTL, Timeout: 10 * time.Second})
		return tenancy.NewGuard(tenancy.Cached(d, c), tenancy.MaxStale-tenancy.CacheTTL, time.Now)
	}
	for range 3 {
		guard := replica()
		if err := guard.Check(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		if got, err := guard.CallsPerDay(context.Background(), id); err != nil || got == nil || *got != calls {
			t.Fatalf("CallsPerDay = %v, %v", got, err)
		}
	}
	if n := d.asked.Load(); n != 1 {
		t.Errorf("three replicas asked %d times, want 1", n)
	}
}

// TestATenantIsFull when it stores what it may, and not before; without a bound never.
func TestATenantIsFull(t *testing.T) {
	t.Parallel()
	tenant, two := uuid.New(), int64(2)
	down := errors.New("down")
	for name, c := range map[string]struct {
		bound  *int64
		stored int64
		err    error
		want   string
	}{
		"empty":      {&two, 0, nil, ""},
		"a byte too": {&two, 2*tenancy.GB - 1, nil, ""},
		"full":       {&two, 2 * tenancy.GB, nil, "STORAGE_FULL"},
		"no bound":   {nil, 900 * tenancy.GB, nil, ""},
		"unknown":    {&two, 0, down, "UNAVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &directory{status: map[uuid.UUID]tenancy.Status{tenant: tenancy.Active}, gb: c.bound}
			stored := func(_ context.Context, of uuid.UUID) (int64, error) {
				if of != tenant {
					t.Errorf("asked for what %s stores", of)
				}
				return c.stored, c.err
			}
			guard := tenancy.NewGuard(tenancy.Weighed(d, stored), time.Second, time.Now)
			if got := code(guard.Room(t.Context(), tenant)); got != c.want {
				t.Errorf("the answer is %q, want %q", got, c.want)
			}
		})
	}
}
