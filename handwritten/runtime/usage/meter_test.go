package usage_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/usage"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// office has a database and a clock for the meters of several processes.
type office struct {
	store *eventstore.Store
	now   atomic.Pointer[time.Time]
}

func newOffice(t *testing.T) *office {
	t.Helper()
	url := enginetest.Postgres(t)
	for _, migrate := range []func(context.Context, string) error{eventstore.Migrate, usage.Migrate, usage.Migrate} {
		if err := migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	o := &office{store: store}
	o.now.Store(&noon)
	return o
}

func (o *office) clock() time.Time { return *o.now.Load() }

func (o *office) meter() *usage.Meter {
	return usage.NewMeter(o.store, o.clock, slog.New(slog.DiscardHandler))
}

func (o *office) calls(t *testing.T, tenant uuid.UUID, day time.Time) int64 {
	t.Helper()
	calls, err := usage.Calls(t.Context(), o.store, tenant, day)
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

// rush makes calls until they are refused.
func rush(m *usage.Meter, tenant uuid.UUID, bound int64) (made int64) {
	for m.Count(context.Background(), tenant, &bound).OK {
		made++
	}
	return made
}

func TestOneProcessIsExact(t *testing.T) {
	t.Parallel()
	o, acme, other := newOffice(t), uuid.New(), uuid.New()
	m := o.meter()
	var made atomic.Int64
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() { made.Add(rush(m, acme, 100)) })
	}
	clients.Wait()
	if made.Load() != 100 {
		t.Errorf("%d calls of 100", made.Load())
	}
	if got := rush(m, other, 10); got != 10 {
		t.Errorf("another tenant made %d calls of 10", got)
	}
	bound := int64(200)
	if day := m.Count(t.Context(), acme, &bound); !day.OK || day.Left != 99 || day.Rest != 12*time.Hour {
		t.Errorf("on a larger plan: %+v", day)
	}
	m.Flush(t.Context())
	if got := o.calls(t, acme, noon); got != 101 {
		t.Errorf("%d calls are known, want 101", got)
	}
}

func TestProcessesShareTheDay(t *testing.T) {
	t.Parallel()
	const processes, bound = 3, 1000
	o, acme := newOffice(t), uuid.New()
	made := make([]int64, processes)
	meters := make([]*usage.Meter, processes)
	var all sync.WaitGroup
	for i := range processes {
		meters[i] = o.meter()
		all.Go(func() { made[i] = rush(meters[i], acme, bound) })
	}
	all.Wait()
	sum := made[0] + made[1] + made[2]
	if most := int64(bound + (processes-1)*(bound+15)/16); sum < bound || sum > most {
		t.Errorf("%d calls, want %d to %d", sum, bound, most)
	}
	for _, m := range meters {
		m.Flush(t.Context())
		m.Flush(t.Context()) // saving twice counts once
	}
	if got := o.calls(t, acme, noon); got != sum {
		t.Errorf("%d calls are known of %d", got, sum)
	}
	if got := rush(o.meter(), acme, bound); got != 0 {
		t.Errorf("a process that starts later lets %d calls through", got)
	}
}

func TestEachDayBeginsAnew(t *testing.T) {
	t.Parallel()
	o, acme := newOffice(t), uuid.New()
	m := o.meter()
	for day := range 4 {
		now := noon.AddDate(0, 0, day)
		o.now.Store(&now)
		if got := rush(m, acme, 20); got != 20 {
			t.Errorf("day %d: %d calls of 20", day, got)
		}
		m.Flush(t.Context())
	}
	if got := o.calls(t, acme, noon.AddDate(0, 0, 2)); got != 20 {
		t.Errorf("%d calls on the third day", got)
	}
}

// Calls without bound cost no exchange, and are counted all the same.
func TestUnboundedCallsAreSavedByRun(t *testing.T) {
	t.Parallel()
	o, acme := newOffice(t), uuid.New()
	m := o.meter()
	for range 5000 {
		if day := m.Count(t.Context(), acme, nil); !day.OK {
			t.Fatal("refused")
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := m.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := o.calls(t, acme, noon); got != 5000 {
		t.Errorf("%d calls are known of 5000 after the end", got)
	}
}

func TestWithoutPostgreSQLCallsGoOn(t *testing.T) {
	t.Parallel()
	o, acme, bound := newOffice(t), uuid.New(), int64(100)
	m := o.meter()
	m.Count(t.Context(), acme, &bound)
	o.store.Close()
	if got := rush(m, acme, bound); got != 99 {
		t.Errorf("%d calls of the 99 that were left", got)
	}
	m.Flush(t.Context()) // fails, and keeps what it has
}

func TestATenantsCallsAreNoOthers(t *testing.T) {
	t.Parallel()
	o, acme, other := newOffice(t), uuid.New(), uuid.New()
	m := o.meter()
	m.Count(t.Context(), acme, nil)
	m.Flush(t.Context())
	var seen int64
	err := o.store.InTenants(t.Context(), []uuid.UUID{other}, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM oksai_usage.api_calls`).Scan(&seen)
	})
	if err != nil || seen != 0 {
		t.Errorf("another tenant sees %d rows, %v", seen, err)
	}
	err = o.store.InTenants(t.Context(), []uuid.UUID{other}, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO oksai_usage.api_calls VALUES ($1, $2, $3, 1)`, acme, noon, uuid.New())
		return err
	})
	if err == nil {
		t.Error("a row was written into another tenant")
	}
	var guarded bool
	const sql = `SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'oksai_usage.api_calls'::regclass`
	if err := o.store.Reader().QueryRow(t.Context(), sql).Scan(&guarded); err != nil || !guarded {
		t.Errorf("row-level security is not forced: %v", err)
	}
}
