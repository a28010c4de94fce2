package projection_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"golang.org/x/sync/errgroup"
)

// written appends an event and returns its position.
func written(t testing.TB, s *eventstore.Store, tenant uuid.UUID) event.Position {
	t.Helper()
	r, err := s.Append(t.Context(), eventstore.Append{
		Stream: event.Stream{Module: "job", Type: "Job", Tenant: tenant, ID: uuid.New()},
		Events: []event.Data{&job{Kind: "JobCreated", Title: "x"}},
	})
	check(t, err)
	return r.Position
}

// running starts a service that ends with the test.
func running(t testing.TB, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group errgroup.Group
	group.Go(func() error { return run(ctx) })
	t.Cleanup(func() {
		cancel()
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestWaitEndsWithTheCheckpoint(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	running(t, store.Run)
	quiet, busy := uuid.New(), uuid.New()
	w := projection.NewWaiter(projection.WaiterConfig{
		Reader: store.Reader(), Patience: 300 * time.Millisecond,
		PartitionOf: func(tenant uuid.UUID) int32 { return map[uuid.UUID]int32{quiet: 0, busy: 1}[tenant] },
	})
	running(t, w.Run)
	p := written(t, store, busy)

	var behind *problem.Error
	if err := w.Wait(t.Context(), "c", busy, p); !errors.As(err, &behind) || behind.Code != "READ_MODEL_BEHIND" {
		t.Fatalf("a read model that never comes: %v, want READ_MODEL_BEHIND", err)
	}
	// Another process saves the checkpoint.
	c, err := store.ClaimCheckpoint(t.Context(), "c", 1)
	check(t, err)
	c.Position = p
	check(t, store.SaveCheckpoint(t.Context(), store.Writer(), c))
	check(t, w.Wait(t.Context(), "c", busy, p))
	// The tenant's own partition has never seen an event: what counts is where the write is.
	check(t, w.Wait(t.Context(), "c", quiet, p))
	check(t, w.Wait(t.Context(), "c", quiet, event.Position{}))
	check(t, w.Wait(t.Context(), "c", quiet, event.Position{Epoch: 9, Seq: 9}))

	later := written(t, store, busy)
	waiting := make(chan error, 1)
	go func() { waiting <- w.Wait(t.Context(), "c", busy, later) }()
	w.Advance("c", 1, later)
	check(t, <-waiting)
}
