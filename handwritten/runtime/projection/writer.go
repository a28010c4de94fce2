package projection

import (
	"context"
	"maps"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// Model is a read model whatever the types of its keys and rows: a Definition or an EventLog.
type Model interface {
	// Described returns the read model's table.
	Described() Table
	// writers returns what makes the writers of a table: one for each partition,
	// or one for a rebuild, with the streams that it leaves out.
	writers(target) func(*parking) writer
}

// writer folds consecutive batches into rows. It is used by one goroutine. After
// an error it must not be used again: what it remembers may not be what is stored.
type writer interface {
	write(ctx context.Context, events []event.Recorded) (written int, err error)
}

// target is where a writer's rows and letters go.
type target struct {
	db      driver.Conn
	table   string
	letters letterbox
	// cacheRows bounds the rows kept in memory.
	cacheRows int
	// empty says that the table has only rows of this writer: what it did not
	// write, it need not look for.
	empty bool
}

// deliver stores the letters of this batch. It comes before the insert: once a
// row is past a poison event, nothing would park it again after a crash.
func (t target) deliver(ctx context.Context, parked *parking) error {
	letters := parked.take()
	if len(letters) == 0 {
		return nil
	}
	return t.letters(ctx, letters)
}

type keyedModel[K comparable, R any] struct{ Definition[K, R] }

// Described returns the definition's table.
func (m keyedModel[K, R]) Described() Table { return m.Table }

func (m keyedModel[K, R]) writers(t target) func(*parking) writer {
	inserts, lookups := t.inserts(m.Table), m.lookups(t)
	return func(parked *parking) writer {
		cache, err := simplelru.NewLRU[rowID[K], *state[R]](max(1, t.cacheRows), nil)
		if err != nil {
			panic(err) // a size below 1 is the only error
		}
		w := &keyedWriter[K, R]{Definition: m.Definition, target: t, parked: parked, inserts: inserts, lookups: lookups, cache: cache}
		if t.empty {
			w.seen = newSeen[rowID[K]]()
		}
		return w
	}
}

type keyedWriter[K comparable, R any] struct {
	Definition[K, R]
	target
	parked  *parking
	inserts *together[rowBatch]
	lookups *together[lookup[K, R]]
	cache   *simplelru.LRU[rowID[K], *state[R]]
	seen    *seen[rowID[K]] // nil: rows of others may be in the table
}

func (w *keyedWriter[K, R]) write(ctx context.Context, events []event.Recorded) (int, error) {
	changes := w.changes(events)
	rows, err := w.previous(ctx, changes)
	if err != nil {
		return 0, err
	}
	changed := w.fold(changes, rows, w.parked)
	if err := w.deliver(ctx, w.parked); err != nil {
		return 0, err
	}
	if len(changed) > 0 {
		if err := w.inserts.run(ctx, w.batch(changed, rows)); err != nil {
			return 0, err
		}
	}
	w.remember(rows)
	return len(changed), nil
}

// previous finds the state of every row that the changes concern.
func (w *keyedWriter[K, R]) previous(ctx context.Context, changes []change[K]) (map[rowID[K]]*state[R], error) {
	rows := make(map[rowID[K]]*state[R], len(changes))
	var missing []rowID[K]
	for i := range changes {
		id := changes[i].id
		if _, known := rows[id]; known || changes[i].err != nil {
			continue
		}
		if s, cached := w.cache.Get(id); cached {
			rows[id] = s
			continue
		}
		rows[id] = &state[R]{}
		if w.seen == nil || w.seen.maybe(id) {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return rows, nil
	}
	wanted := lookup[K, R]{missing, map[rowID[K]]*state[R]{}}
	if err := w.lookups.run(ctx, wanted); err != nil {
		return nil, err
	}
	maps.Copy(rows, wanted.found)
	return rows, nil
}

// remember keeps the rows for the next batch. Only what is stored is kept.
func (w *keyedWriter[K, R]) remember(rows map[rowID[K]]*state[R]) {
	for id, s := range rows {
		w.cache.Add(id, s)
		if w.seen != nil && !s.position.IsZero() {
			w.seen.add(id)
		}
	}
}
