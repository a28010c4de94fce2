package projection_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

var errFault = errors.New("injected fault")

// faulty fails inserts at random: before they are sent, or after they took effect.
type faulty struct {
	driver.Conn
	mu     sync.Mutex
	random *rand.Rand
}

func (f *faulty) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	b, err := f.Conn.PrepareBatch(ctx, query, opts...)
	f.mu.Lock()
	defer f.mu.Unlock()
	return faultyBatch{b, f.random.IntN(4)}, err
}

type faultyBatch struct {
	driver.Batch
	dice int
}

func (b faultyBatch) Send() error {
	if b.dice == 0 {
		return errFault
	}
	err := b.Batch.Send()
	if b.dice == 1 && err == nil {
		return errFault
	}
	return err
}

// TestFaultsChangeNothing runs one log with failing inserts, crashes between
// insert and checkpoint, restarts, and a zombie that writes beside its
// successor. The rows must be those of an undisturbed run, for counters too.
func TestFaultsChangeNothing(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	log := makeLog(rand.New(rand.NewPCG(seed, 0)), 3000, 60)
	calm, wild := newBench(t, logOf(nil)), newBench(t, logOf(nil))
	wild.CacheRows = 20
	naive := newNaive(t, wild.ClickHouse)
	for _, m := range []projection.Model{facts(applyFacts).Model(), stats.Model(), jobEvents.Model()} {
		r := projection.NewRunner(m, calm.Config)
		check(t, r.Ensure(t.Context()))
		feed(t, r, log, 500)
		random := rand.New(rand.NewPCG(seed, 1))
		disturb(t, wild, m, log, random, naive)
	}
	same(t, "one row per job", dump(t, calm.ClickHouse, facts(nil).Table, facts(nil).Scan), dump(t, wild.ClickHouse, facts(nil).Table, facts(nil).Scan))
	same(t, "counters", dump(t, calm.ClickHouse, stats.Table, stats.Scan), dump(t, wild.ClickHouse, stats.Table, stats.Scan))
	same(t, "event log", dump(t, calm.ClickHouse, jobEvents.Table, projection.ScanEventLog), dump(t, wild.ClickHouse, jobEvents.Table, projection.ScanEventLog))
	sameAsPlainFold(t, log, dump(t, wild.ClickHouse, stats.Table, stats.Scan))
	if counted := naive.total(t); counted <= uint64(len(log)) {
		t.Errorf("a SummingMergeTree fed with the same deliveries counted %d events of %d: the faults were too tame to prove anything", counted, len(log))
	}
}

// disturb feeds the log as an unlucky platform does: the checkpoint moves only
// when a batch succeeded and the process did not crash before saving it.
func disturb(t *testing.T, b bench, m projection.Model, log []event.Recorded, random *rand.Rand, naive *naive) {
	t.Helper()
	check(t, projection.NewRunner(m, b.Config).Ensure(t.Context()))
	b.ClickHouse = &faulty{Conn: b.ClickHouse, random: random}
	r, zombie := projection.NewRunner(m, b.Config), projection.NewRunner(m, b.Config)
	var checkpoint event.Position
	for done := 0; done < len(log); {
		batch := batchOf(log[done:min(done+1+random.IntN(300), len(log))], checkpoint)
		if random.IntN(4) == 0 {
			// It owned the partition before, and does not know that it no longer does.
			_ = zombie.Handle(t.Context(), batch)
		}
		err := r.Handle(t.Context(), batch)
		if err != nil && !errors.Is(err, errFault) {
			t.Fatal(err)
		}
		if m.Described().Name == stats.Table.Name {
			naive.count(t, batch.Events)
		}
		if crashed := random.IntN(4) == 0; crashed {
			zombie, r = r, projection.NewRunner(m, b.Config)
			continue
		}
		if err == nil {
			checkpoint = batch.To
			done += len(batch.Events)
		}
	}
}

// sameAsPlainFold checks the counters against a loop that knows nothing of projections.
func sameAsPlainFold(t *testing.T, log []event.Recorded, rows []stored[statsRow]) {
	t.Helper()
	type place struct {
		tenant string
		statsKey
	}
	want, got := map[place]int64{}, map[place]int64{}
	for _, e := range log {
		data, _ := decodeJob(&e)
		if data != nil && e.Type != tagged {
			key, _ := stats.Key(&e, data)
			want[place{e.Stream.Tenant.String(), key}]++
		}
	}
	for _, s := range rows {
		got[place{s.Tenant, stats.KeyOf(&s.Row)}] = s.Row.Events
	}
	same(t, "counters of a plain loop", want, got)
}

// naive is a counter as one would write it without thinking of redelivery.
type naive struct{ db driver.Conn }

func newNaive(t *testing.T, db driver.Conn) *naive {
	t.Helper()
	check(t, db.Exec(t.Context(), "CREATE TABLE naive (tenant_id UUID, events UInt64) ENGINE = SummingMergeTree ORDER BY tenant_id"))
	return &naive{db}
}

func (n *naive) count(t *testing.T, events []event.Recorded) {
	t.Helper()
	per := map[uuid.UUID]uint64{}
	for _, e := range events {
		per[e.Stream.Tenant]++
	}
	b, err := n.db.PrepareBatch(t.Context(), "INSERT INTO naive (tenant_id, events)")
	check(t, err)
	for tenant, count := range per {
		check(t, b.Append(tenant, count))
	}
	check(t, b.Send())
}

func (n *naive) total(t *testing.T) (total uint64) {
	t.Helper()
	check(t, n.db.QueryRow(t.Context(), "SELECT sum(events) FROM naive").Scan(&total))
	return total
}

func TestRedeliveredEventDoesNotResurrectADeletedRow(t *testing.T) {
	t.Parallel()
	b := newBench(t, logOf(nil))
	log := makeLog(rand.New(rand.NewPCG(1, 1)), 3, 1)
	log[0].Type, log[1].Type, log[2].Type = created, completed, deleted
	table := facts(nil)
	start := func() *projection.Runner {
		r := projection.NewRunner(facts(applyFacts).Model(), b.Config)
		check(t, r.Ensure(t.Context()))
		return r
	}
	feed(t, start(), log, 3)
	want := dump(t, b.ClickHouse, table.Table, table.Scan)
	if len(want) != 1 || want[0].Deleted != 1 || want[0].Row.Title != "" {
		t.Fatalf("after the deletion: %+v, want one tombstone without data", want)
	}
	feed(t, start(), log[:2], 2)
	same(t, "after redelivery", want, dump(t, b.ClickHouse, table.Table, table.Scan))

	again := log[0]
	again.Position.Seq = 99
	again.Position.XID++
	feed(t, start(), []event.Recorded{again}, 1)
	if rows := dump(t, b.ClickHouse, table.Table, table.Scan); len(rows) != 1 || rows[0].Deleted != 0 || rows[0].Row.Events != 1 {
		t.Fatalf("after it was created anew: %+v, want one fresh row", rows)
	}
}
