package projection_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

func TestRebuildEqualsLive(t *testing.T) {
	t.Parallel()
	log := makeLog(rand.New(rand.NewPCG(3, 3)), 5000, 300)
	live, built := newBench(t, logOf(nil)), newBench(t, logOf(log))
	built.RebuildBatch, built.CacheRows = 700, 50
	for _, m := range []projection.Model{facts(applyFacts).Model(), stats.Model(), jobEvents.Model()} {
		r := projection.NewRunner(m, live.Config)
		check(t, r.Ensure(t.Context()))
		feed(t, r, log, 333)
		check(t, projection.NewRunner(m, built.Config).Ensure(t.Context()))
	}
	compare := func(what string) {
		same(t, what+" of jobs", dump(t, live.ClickHouse, facts(nil).Table, facts(nil).Scan), dump(t, built.ClickHouse, facts(nil).Table, facts(nil).Scan))
		same(t, what+" of counters", dump(t, live.ClickHouse, stats.Table, stats.Scan), dump(t, built.ClickHouse, stats.Table, stats.Scan))
		same(t, what+" of events", dump(t, live.ClickHouse, jobEvents.Table, projection.ScanEventLog), dump(t, built.ClickHouse, jobEvents.Table, projection.ScanEventLog))
	}
	compare("the first build")
	check(t, projection.NewRunner(stats.Model(), built.Config).Rebuild(t.Context()))
	compare("the rebuild")
	for partition := range int32(2) {
		c, err := built.events.LoadCheckpoint(t.Context(), stats.Table.Consumer(), partition)
		check(t, err)
		same(t, "checkpoint", log[len(log)-1].Position, c.Position)
	}
	if tables := names(t, built); len(tables) != 3 {
		t.Errorf("tables are left over: %v", tables)
	}
}

// growing is a log that gets more events, and a checkpoint beyond what a
// rebuild has read, while the rebuild runs.
type growing struct {
	all    logOf
	shown  atomic.Int64
	before func() // once, when the first end is reached
}

func (g *growing) ReadLog(ctx context.Context, after event.Position, limit int) ([]event.Recorded, error) {
	page, err := g.all[:g.shown.Load()].ReadLog(ctx, after, limit)
	if len(page) == 0 && g.before != nil {
		g.before()
		g.before = nil
	}
	return page, err
}

// TestRebuildCatchesUpWithLiveWriters: a checkpoint that is beyond the rebuilt
// rows would lose what lies between.
func TestRebuildCatchesUpWithLiveWriters(t *testing.T) {
	t.Parallel()
	log := makeLog(rand.New(rand.NewPCG(4, 4)), 1000, 50)
	g := &growing{all: log}
	g.shown.Store(600)
	b := newBench(t, g)
	r := projection.NewRunner(stats.Model(), b.Config)
	g.before = func() {
		c, err := b.events.ClaimCheckpoint(t.Context(), r.Consumer(), 1)
		check(t, err)
		c.Position = log[799].Position
		check(t, b.events.SaveCheckpoint(t.Context(), b.events.Writer(), c))
		g.shown.Store(1000)
	}
	check(t, r.Ensure(t.Context()))
	sameAsPlainFold(t, log, dump(t, b.ClickHouse, stats.Table, stats.Scan))
	c, err := b.events.LoadCheckpoint(t.Context(), r.Consumer(), 1)
	check(t, err)
	same(t, "checkpoint", log[999].Position, c.Position)
}

// TestNoWriterStartsDuringARebuild: it could take old letters, or old rows, into
// the new table.
func TestNoWriterStartsDuringARebuild(t *testing.T) {
	t.Parallel()
	log := makeLog(rand.New(rand.NewPCG(12, 12)), 100, 5)
	g := &growing{all: log}
	g.shown.Store(100)
	b := newBench(t, g)
	check(t, projection.NewRunner(stats.Model(), b.Config).Ensure(t.Context()))
	refused := false
	g.before = func() {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		refused = projection.NewRunner(stats.Model(), b.Config).Handle(ctx, batchOf(log, event.Position{})) != nil
	}
	check(t, projection.NewRunner(stats.Model(), b.Config).Rebuild(t.Context()))
	if !refused {
		t.Error("a writer started while the read model was being rebuilt")
	}
	check(t, projection.NewRunner(stats.Model(), b.Config).Handle(t.Context(), batchOf(log, event.Position{})))
	sameAsPlainFold(t, log, dump(t, b.ClickHouse, stats.Table, stats.Scan))
}

func TestRebuildFencesWriters(t *testing.T) {
	t.Parallel()
	b := newBench(t, logOf(makeLog(rand.New(rand.NewPCG(5, 5)), 10, 5)))
	r := projection.NewRunner(stats.Model(), b.Config)
	c, err := b.events.ClaimCheckpoint(t.Context(), r.Consumer(), 0)
	check(t, err)
	check(t, r.Ensure(t.Context()))
	c.Position.Epoch = 2
	if err := b.events.SaveCheckpoint(t.Context(), b.events.Writer(), c); err == nil {
		t.Error("a writer from before the rebuild could still save its checkpoint")
	}
}

func TestNewVersionIsBuiltBesideTheOld(t *testing.T) {
	t.Parallel()
	log := makeLog(rand.New(rand.NewPCG(6, 6)), 50, 5)
	b := newBench(t, logOf(log))
	versions := []string{"aaaaaaaa11", "bbbbbbbb22", "cccccccc33"}
	for i, hash := range versions {
		d := stats
		d.Table.Hash = hash
		check(t, projection.NewRunner(d.Model(), b.Config).Ensure(t.Context()))
		if tables := names(t, b); len(tables) != min(i+1, 2) || !strings.HasSuffix(tables[len(tables)-1], hash[:8]) {
			t.Errorf("after version %s there are the tables %v, want it and the one before", hash, tables)
		}
	}
}

func TestLostTableIsBuiltAgain(t *testing.T) {
	t.Parallel()
	log := makeLog(rand.New(rand.NewPCG(8, 8)), 200, 20)
	b := newBench(t, logOf(log))
	r := projection.NewRunner(stats.Model(), b.Config)
	check(t, r.Ensure(t.Context()))
	check(t, b.ClickHouse.Exec(t.Context(), "DROP TABLE "+stats.Table.SQLName()))
	if err := r.Handle(t.Context(), batchOf(log[:100], event.Position{})); err == nil {
		t.Fatal("a batch into a table that is gone must fail")
	}
	check(t, r.Handle(t.Context(), batchOf(log[:100], event.Position{})))
	sameAsPlainFold(t, log, dump(t, b.ClickHouse, stats.Table, stats.Scan))
}

func names(t testing.TB, b bench) (names []string) {
	t.Helper()
	rows, err := b.ClickHouse.Query(t.Context(), "SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name")
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		check(t, rows.Scan(&name))
		names = append(names, name)
	}
	check(t, rows.Err())
	return names
}
