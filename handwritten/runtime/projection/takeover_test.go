package projection_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// sequence is a log cut into consecutive batches of one partition.
func sequence(log []event.Recorded, size int) (batches []*consume.Batch) {
	var at event.Position
	for ; len(log) > 0; log = log[min(size, len(log)):] {
		b := batchOf(log[:min(size, len(log))], at)
		batches, at = append(batches, b), b.To
	}
	return batches
}

// TestPartitionThatComesBack: what a process remembers of a partition is stale
// once another process has had it.
func TestPartitionThatComesBack(t *testing.T) {
	t.Parallel()
	log := makeLog(rand.New(rand.NewPCG(9, 9)), 300, 5)
	b := newBench(t, logOf(nil))
	one, two := projection.NewRunner(stats.Model(), b.Config), projection.NewRunner(stats.Model(), b.Config)
	check(t, one.Ensure(t.Context()))
	for i, batch := range sequence(log, 30) {
		owner := one
		if i%2 == 1 {
			owner = two
		}
		check(t, owner.Handle(t.Context(), batch))
	}
	sameAsPlainFold(t, log, dump(t, b.ClickHouse, stats.Table, stats.Scan))
}

// TestZombieWritesOlderRowsLater: the rows that a paused process inserts when
// it wakes up come after its successor's, with older positions.
func TestZombieWritesOlderRowsLater(t *testing.T) {
	t.Parallel()
	log := makeLog(rand.New(rand.NewPCG(10, 10)), 100, 5) // of one day: all batches concern the same rows
	b := newBench(t, logOf(nil))
	zombie, successor := projection.NewRunner(stats.Model(), b.Config), projection.NewRunner(stats.Model(), b.Config)
	check(t, zombie.Ensure(t.Context()))
	check(t, b.ClickHouse.Exec(t.Context(), "SYSTEM STOP MERGES "+stats.Table.SQLName()))
	batches := sequence(log, 25)
	check(t, zombie.Handle(t.Context(), batches[0]))
	check(t, successor.Handle(t.Context(), batches[1]))
	check(t, successor.Handle(t.Context(), batches[2]))
	check(t, zombie.Handle(t.Context(), batches[1]))
	check(t, projection.NewRunner(stats.Model(), b.Config).Handle(t.Context(), batches[3]))
	sameAsPlainFold(t, log, dump(t, b.ClickHouse, stats.Table, stats.Scan))
}

// failOnce fails one insert before it is sent.
type failOnce struct {
	driver.Conn
	armed bool
}

func (f *failOnce) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	b, err := f.Conn.PrepareBatch(ctx, query, opts...)
	if f.armed && err == nil {
		f.armed = false
		return faultyBatch{b, 0}, nil
	}
	return b, err
}

// TestFailedInsertIsNotRemembered: rows that were folded but not stored must be
// folded again, also when no later event touches them.
func TestFailedInsertIsNotRemembered(t *testing.T) {
	t.Parallel()
	log := makeLog(rand.New(rand.NewPCG(11, 11)), 100, 5)
	b := newBench(t, logOf(nil))
	fault := &failOnce{Conn: b.ClickHouse}
	b.ClickHouse = fault
	r := projection.NewRunner(stats.Model(), b.Config)
	check(t, r.Ensure(t.Context()))
	batches := sequence(log, 50)
	check(t, r.Handle(t.Context(), batches[0]))
	fault.armed = true
	if err := r.Handle(t.Context(), batches[1]); !errors.Is(err, errFault) {
		t.Fatalf("the failed insert: %v, want the injected fault", err)
	}
	check(t, r.Handle(t.Context(), batches[1]))
	sameAsPlainFold(t, log, dump(t, b.ClickHouse, stats.Table, stats.Scan))
}
