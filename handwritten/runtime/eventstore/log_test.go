package eventstore_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// insertEvent appends by hand in a transaction that the test commits when it likes.
func insertEvent(t *testing.T, tx pgx.Tx, version int) (seq int64) {
	t.Helper()
	err := tx.QueryRow(t.Context(), `
		INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type, schema_version, published,
			user_id, correlation_id, causation_id, trace, payload, at)
		SELECT epoch, gen_random_uuid(), gen_random_uuid(), 'test', 'Thing', gen_random_uuid(), $1, 'test.Happened', 1, true,
			'', gen_random_uuid(), gen_random_uuid(), '', '{}', now() FROM oksai.cluster
		RETURNING seq`, version).Scan(&seq)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// naive reads the log as one is tempted to: all that is numbered higher than the last one seen.
type naive struct {
	conn *pgx.Conn
	last int64
	seen map[int64]bool
}

func (n *naive) poll(t *testing.T) {
	t.Helper()
	rows, err := n.conn.Query(t.Context(), "SELECT seq FROM oksai.events WHERE seq > $1 ORDER BY seq", n.last)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range found {
		n.seen[seq], n.last = true, seq
	}
}

func TestLogLosesNoEventThatCommitsLate(t *testing.T) {
	t.Parallel()
	url := database(t)
	store, _ := startAt(t, url, nil)
	early, err := admin(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	late, err := admin(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := insertEvent(t, early, 1)
	second := insertEvent(t, late, 1)
	if first >= second {
		t.Fatalf("the events are numbered %d and %d", first, second)
	}
	reader := &naive{conn: admin(t, url), seen: map[int64]bool{}}

	// The later number commits first.
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	reader.poll(t)
	if page, err := store.ReadLog(t.Context(), event.Position{}, 10); err != nil || len(page) != 0 {
		t.Fatalf("the log shows %d events, %v, while an earlier one may still come", len(page), err)
	}
	if age, err := store.WatermarkAge(t.Context()); err != nil || age <= 0 {
		t.Errorf("watermark age %v, %v, while an event is held back", age, err)
	}
	if last, err := store.LastPosition(t.Context()); err != nil || !last.IsZero() {
		t.Errorf("last position %v, %v, while everything is held back", last, err)
	}
	if err := early.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	reader.poll(t)

	log := readLog(t, store, event.Position{}, 1, 2)
	if len(log) != 2 || log[0].Position.Seq != first || log[1].Position.Seq != second {
		t.Errorf("the log has %v", log)
	}
	if reader.seen[first] || !reader.seen[second] {
		t.Errorf("the naive reader saw %v: this test proves nothing unless it loses event %d", reader.seen, first)
	}
	eventually(t, "nothing is held back", func() bool {
		age, err := store.WatermarkAge(t.Context())
		return err == nil && age == 0
	})
	if last, err := store.LastPosition(t.Context()); err != nil || last != log[1].Position {
		t.Errorf("last position %v, %v, want %v", last, err, log[1].Position)
	}
}

func TestPageNeverSplitsATransaction(t *testing.T) {
	t.Parallel()
	store := start(t)
	const transactions, each = 6, 5
	for range transactions {
		mustAppend(t, store, eventstore.Append{Stream: newStream(uuid.New()), Events: events(each)})
	}
	total := transactions * each
	all := readLog(t, store, event.Position{}, total, total)
	for limit := 1; limit <= total+1; limit++ {
		var after event.Position
		seen := 0
		for seen < total {
			page, err := store.ReadLog(t.Context(), after, limit)
			if err != nil || len(page) == 0 || len(page)%each != 0 {
				t.Fatalf("limit %d: a page of %d events, %v: not whole transactions of %d", limit, len(page), err, each)
			}
			for _, e := range page {
				if e.ID != all[seen].ID {
					t.Fatalf("limit %d: event %d is %v, want %v", limit, seen, e.Position, all[seen].Position)
				}
				seen++
			}
			after = page[len(page)-1].Position
		}
	}
	// A reader that has stopped inside a transaction goes on there.
	if page, err := store.ReadLog(t.Context(), all[2].Position, 1); err != nil || len(page) != 2 || page[0].ID != all[3].ID {
		t.Errorf("resumed after the third event: %d events, %v; want the transaction's other two", len(page), err)
	}
}

func TestLogUnderLoadIsCompleteAndInOrder(t *testing.T) {
	t.Parallel()
	url := database(t)
	one, _ := startAt(t, url, nil)
	two, _ := startAt(t, url, nil)
	const each = 5
	appended := make(chan struct{})
	go func() {
		defer close(appended)
		together(func(client int) {
			store, stream := []*eventstore.Store{one, two}[client%2], newStream(uuid.New())
			for i := range each {
				a := eventstore.Append{Stream: stream, Expected: int64(i), Events: events(1)}
				if i%2 == 1 {
					a.Inline = []func(ctx, pgx.Tx, []event.Recorded) error{doNothing}
				}
				if _, err := store.Append(t.Context(), a); err != nil {
					t.Error(err)
				}
			}
		})
	}()
	log := readLog(t, one, event.Position{}, 7, clients*each) // while they write
	<-appended
	versions := map[uuid.UUID]int64{}
	for i, e := range log {
		if i > 0 && !e.Position.After(log[i-1].Position) {
			t.Fatalf("%v follows %v", e.Position, log[i-1].Position)
		}
		if versions[e.Stream.ID]++; versions[e.Stream.ID] != e.Version {
			t.Fatalf("stream %s: version %d comes as number %d", e.Stream.ID, e.Version, versions[e.Stream.ID])
		}
	}
	if len(log) != clients*each {
		t.Errorf("%d events, want %d", len(log), clients*each)
	}
}
