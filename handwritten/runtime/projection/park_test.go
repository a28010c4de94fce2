package projection_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// poisoned is a log in which one stream has an event that cannot be taken.
func poisoned(what string) (log []event.Recorded, victim event.Stream, from int) {
	log = makeLog(rand.New(rand.NewPCG(7, 7)), 400, 10)
	from = 150
	victim = log[from].Stream
	switch what {
	case "payload":
		log[from].Type, log[from].Payload = created, []byte("this is no JSON")
	case "panic":
		log[from].Type, log[from].Payload = poison, []byte(`{"title":"panic"}`)
	default:
		log[from].Type = poison
	}
	return log, victim, from
}

// TestPoisonParksOneStream compares with a log that lacks what must be parked.
func TestPoisonParksOneStream(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"error", "panic", "payload"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			log, victim, from := poisoned(what)
			var healthy []event.Recorded
			for i, e := range log {
				if i < from || e.Stream != victim {
					healthy = append(healthy, e)
				}
			}
			b, clean := newBench(t, logOf(nil)), newBench(t, logOf(nil))
			table := facts(applyFacts)
			run := func(b bench, log []event.Recorded) {
				r := projection.NewRunner(table.Model(), b.Config)
				check(t, r.Ensure(t.Context()))
				feed(t, r, log, 70)
			}
			run(clean, healthy)
			// The stream is parked, but the rows of the batch are not stored: what came
			// before the poison must not be left out when the batch comes again.
			fault, config := &failOnce{Conn: b.ClickHouse}, b.Config
			config.ClickHouse = fault
			first := projection.NewRunner(table.Model(), config)
			check(t, first.Ensure(t.Context()))
			fault.armed = true
			if err := first.Handle(t.Context(), batchOf(log[:200], event.Position{})); !errors.Is(err, errFault) {
				t.Fatalf("the failed insert: %v, want the injected fault", err)
			}
			run(b, log)
			want := dump(t, clean.ClickHouse, table.Table, table.Scan)
			same(t, "rows", want, dump(t, b.ClickHouse, table.Table, table.Scan))
			if n := letters(t, b, "parked"); n != 1 {
				t.Errorf("%d letters are parked, want 1", n)
			}
			// A process that starts anew knows what was parked.
			run(b, log)
			same(t, "rows after redelivery", want, dump(t, b.ClickHouse, table.Table, table.Scan))
			if n := letters(t, b, "parked"); n != 1 {
				t.Errorf("%d letters are parked after redelivery, want 1", n)
			}
		})
	}
}

// TestRebuildTakesParkedStreamsBack mends the definition and rebuilds.
func TestRebuildTakesParkedStreamsBack(t *testing.T) {
	t.Parallel()
	log, _, _ := poisoned("error")
	b := newBench(t, logOf(log))
	broken := projection.NewRunner(facts(applyFacts).Model(), b.Config)
	check(t, broken.Ensure(t.Context()))
	if n := letters(t, b, "parked"); n != 1 {
		t.Fatalf("%d letters are parked by the first build, want 1", n)
	}
	mended := facts(func(row *factsRow, exists bool, e *event.Recorded, data event.Data) (projection.Effect, error) {
		if e.Type == poison {
			return projection.Skip, nil
		}
		return applyFacts(row, exists, e, data)
	})
	check(t, projection.NewRunner(mended.Model(), b.Config).Rebuild(t.Context()))
	if parked, replayed := letters(t, b, "parked"), letters(t, b, "replayed"); parked != 0 || replayed != 1 {
		t.Errorf("%d letters parked, %d replayed; want 0 and 1", parked, replayed)
	}
	clean := newBench(t, logOf(log))
	check(t, projection.NewRunner(mended.Model(), clean.Config).Ensure(t.Context()))
	same(t, "rows", dump(t, clean.ClickHouse, mended.Table, mended.Scan), dump(t, b.ClickHouse, mended.Table, mended.Scan))
}

func letters(t testing.TB, b bench, status string) (count int) {
	t.Helper()
	check(t, b.events.Reader().QueryRow(t.Context(), `SELECT count(*) FROM oksai.dead_letters WHERE status = $1`, status).Scan(&count))
	return count
}
