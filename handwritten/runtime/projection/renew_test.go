package projection_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// TestWishedReadModelIsBuiltAnewOnce: of two processes that have it, one builds,
// and what was lost is there again.
func TestWishedReadModelIsBuiltAnewOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, logOf(makeLog(rand.New(rand.NewPCG(5, 5)), 500, 30)))
	runner := projection.NewRunner(stats.Model(), b.Config)
	check(t, runner.Ensure(t.Context()))
	table := stats.Table
	want := dump(t, b.ClickHouse, table, stats.Scan)
	check(t, b.ClickHouse.Exec(t.Context(), "TRUNCATE TABLE "+table.SQLName()))

	for range 2 {
		other := projection.NewRunner(stats.Model(), b.Config)
		renewal := projection.Renewal{
			Store: b.Store, Logger: slog.New(slog.DiscardHandler),
			Ensure: map[string]func(context.Context) error{other.Consumer(): other.Ensure},
		}
		outboxtest.Go(t, renewal.Run)
	}
	for _, name := range []string{table.Projection(), table.Consumer()} {
		consumer, err := b.Store.Renew(t.Context(), name)
		if err != nil || consumer != table.Consumer() {
			t.Fatalf("Renew(%s) = %q, %v", name, consumer, err)
		}
	}
	outboxtest.Eventually(t, "the read model is built again", func() bool {
		all, err := b.Store.Registrations(t.Context())
		return err == nil && len(all) == 1 && all[0].Status == "built"
	})
	same(t, "the renewed rows", want, dump(t, b.ClickHouse, table, stats.Scan))

	if consumer, err := b.Store.Renew(t.Context(), "job.nothing"); consumer != "" || err != nil {
		t.Errorf("Renew of what was never built: %q, %v", consumer, err)
	}
}
