package usage_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/usage"
)

// noted is an event that says n letters.
type noted struct{ n int }

func (noted) EventType() string              { return "test.Noted" }
func (noted) SchemaVersion() int             { return 1 }
func (noted) Published() bool                { return false }
func (e noted) AppendJSON(dst []byte) []byte { return fmt.Appendf(dst, "%q", strings.Repeat("x", e.n)) }

// note appends events of a tenant; each stores two bytes more than its letters.
func (o *office) note(t *testing.T, tenant uuid.UUID, letters ...int) {
	t.Helper()
	stream := event.Stream{Module: "test", Type: "Note", Tenant: tenant, ID: uuid.New()}
	for i, n := range letters {
		if _, err := o.store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: int64(i), Events: []event.Data{noted{n}}}); err != nil {
			t.Error(err)
		}
	}
}

func (o *office) stored(t *testing.T, tenant uuid.UUID) int64 {
	t.Helper()
	bytes, err := usage.Stored(t.Context(), o.store, tenant)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// TestEachEventIsMeasuredOnce, by several processes at once, while events come.
func TestEachEventIsMeasuredOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx, stop := context.WithCancel(context.Background())
	var store, writers, readers sync.WaitGroup
	store.Go(func() { _ = o.store.Run(ctx) })
	t.Cleanup(func() { stop(); store.Wait() })
	tenants := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	for _, tenant := range tenants {
		for range 4 {
			writers.Go(func() { o.note(t, tenant, 8, 98, 0) })
		}
	}
	measure := func() {
		if err := usage.NewStorage(o.store, slog.New(slog.DiscardHandler)).Measure(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for range 6 {
		readers.Go(func() {
			for range 10 {
				measure()
			}
		})
	}
	writers.Wait()
	readers.Wait()
	// A transaction of another test may still hold readers of the log back.
	const want = 4 * (10 + 100 + 2)
	enginetest.Eventually(t, time.Minute, fmt.Sprintf("each tenant stores %d bytes", want), func() bool {
		measure()
		return !slices.ContainsFunc(tenants, func(tenant uuid.UUID) bool { return o.stored(t, tenant) < want })
	})
	for _, tenant := range tenants {
		if got := o.stored(t, tenant); got != want {
			t.Errorf("a tenant stores %d bytes, want %d", got, want)
		}
	}
	if got := o.stored(t, uuid.New()); got != 0 {
		t.Errorf("a tenant that did nothing stores %d bytes", got)
	}
}
