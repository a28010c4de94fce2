package eventstore_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

const clients = 64

// together runs do for each of the clients at the same time.
func together(do func(client int)) {
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() { do(client) })
	}
	wg.Wait()
}

func TestAppendedEventsAreReadBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC)
	store, _ := startAt(t, database(t), func() time.Time { return at })
	stream := newStream(uuid.New())
	metadata := event.Metadata{User: "ada", Correlation: uuid.New(), Causation: uuid.New(), Trace: "00-1-2-01"}

	result := mustAppend(t, store, eventstore.Append{Stream: stream, Events: events(3), Metadata: metadata})
	if result.Version != 3 || result.StreamID != stream.ID || result.Replayed || len(result.Events) != 3 {
		t.Fatalf("unexpected result: %+v", result)
	}
	read, err := store.Read(t.Context(), stream, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range read {
		want := result.Events[i]
		if string(e.Payload) != string(want.Payload) || e.Metadata != metadata || !e.At.Equal(at) || e.Stream != stream ||
			e.ID != want.ID || e.Version != int64(i)+1 || e.Position != want.Position || !e.Published || e.Type != "test.Happened" {
			t.Errorf("event %d: read %+v, want %+v", i+1, e, want)
		}
	}
	if len(read) != 3 || read[2].Position != result.Position {
		t.Errorf("read %d events, the result is at %v", len(read), result.Position)
	}
	if part, err := store.Read(t.Context(), stream, 2, 1); err != nil || len(part) != 1 || part[0].Version != 2 {
		t.Errorf("Read(2, 1) = %v, %v", part, err)
	}
	other := stream
	other.Type = "Other"
	if none, err := store.Read(t.Context(), other, 1, 0); err != nil || len(none) != 0 {
		t.Errorf("a stream of another type has %d events, %v", len(none), err)
	}
}

func TestExpectedVersionIsChecked(t *testing.T) {
	t.Parallel()
	store := start(t)
	stream := newStream(uuid.New())
	if _, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: 2, Events: events(1)}); !isConflict(err) {
		t.Errorf("append to a stream that does not exist: %v, want a conflict", err)
	}
	mustAppend(t, store, eventstore.Append{Stream: stream, Events: events(2)})
	other := stream
	other.Type = "Other"
	for _, wrong := range []eventstore.Append{
		{Stream: stream, Expected: 0, Events: events(1)},
		{Stream: stream, Expected: 1, Events: events(1)},
		{Stream: stream, Expected: 3, Events: events(1)},
		{Stream: other, Expected: 2, Events: events(1)},
	} {
		if _, err := store.Append(t.Context(), wrong); !isConflict(err) {
			t.Errorf("expected version %d of %s: %v, want a conflict", wrong.Expected, wrong.Stream.Type, err)
		}
	}
	mustAppend(t, store, eventstore.Append{Stream: stream, Expected: 2, Events: events(1)})
}

func TestClientsOfOneStreamMakeContiguousVersions(t *testing.T) {
	t.Parallel()
	store := start(t)
	stream := newStream(uuid.New())
	const each = 3
	together(func(int) {
		for done := 0; done < each; {
			head, err := store.Head(t.Context(), stream.Tenant, stream.ID)
			if err != nil {
				t.Error(err)
				return
			}
			_, err = store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: head, Events: events(1)})
			switch {
			case err == nil:
				done++
			case !isConflict(err):
				t.Error(err)
				return
			}
		}
	})
	read, err := store.Read(t.Context(), stream, 1, 0)
	if err != nil || len(read) != each*clients {
		t.Fatalf("%d events, %v; want %d", len(read), err, each*clients)
	}
	for i, e := range read {
		if e.Version != int64(i)+1 || i > 0 && !e.Position.After(read[i-1].Position) {
			t.Fatalf("event %d has version %d at %v", i, e.Version, e.Position)
		}
	}
}

func TestClientsOfManyStreamsShareTransactions(t *testing.T) {
	t.Parallel()
	store := start(t)
	const each = 10
	var mu sync.Mutex
	transactions := map[uint64]bool{}
	together(func(int) {
		stream := newStream(uuid.New())
		for i := range each {
			result, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: int64(2 * i), Events: events(2)})
			if err != nil || result.Version != int64(2*i+2) {
				t.Errorf("append %d: version %d, %v", i, result.Version, err)
				return
			}
			mu.Lock()
			transactions[result.Position.XID] = true
			mu.Unlock()
		}
	})
	if len(transactions) > clients*each/2 {
		t.Errorf("%d appends took %d transactions: nothing was grouped", clients*each, len(transactions))
	}
	if log := readLog(t, store, event.Position{}, 100, clients*each*2); len(log) != clients*each*2 {
		t.Errorf("the log has %d events", len(log))
	}
}

func TestNeighboursInABatchDoNotSuffer(t *testing.T) {
	t.Parallel()
	store := start(t)
	tenant := uuid.New()
	taken := newStream(tenant)
	mustAppend(t, store, eventstore.Append{Stream: taken, Events: events(1)})
	var good, bad atomic.Int64
	together(func(client int) {
		for range 5 {
			switch client % 4 {
			case 0: // a conflict
				if _, err := store.Append(t.Context(), eventstore.Append{Stream: taken, Events: events(1)}); isConflict(err) {
					bad.Add(1)
				}
			case 1: // a payload that the server refuses, and with it the whole statement
				_, err := store.Append(t.Context(), eventstore.Append{Stream: newStream(tenant), Events: []event.Data{happened{raw: "{"}}})
				if err != nil && !isConflict(err) && !errors.Is(err, eventstore.ErrUnknownOutcome) {
					bad.Add(1)
				}
			default:
				if _, err := store.Append(t.Context(), eventstore.Append{Stream: newStream(tenant), Events: events(1)}); err == nil {
					good.Add(1)
				} else {
					t.Error(err)
				}
			}
		}
	})
	if good.Load() != clients/2*5 || bad.Load() != clients/2*5 {
		t.Errorf("%d good and %d bad commands had their outcome, want %d each", good.Load(), bad.Load(), clients/2*5)
	}
}

func TestALockedStreamDelaysOnlyItself(t *testing.T) {
	t.Parallel()
	url := database(t)
	store, _ := startAt(t, url, nil)
	held := newStream(uuid.New())
	mustAppend(t, store, eventstore.Append{Stream: held, Events: events(1)})
	tx := appendElsewhere(t, url, held, 2)
	late := make(chan error, 1)
	go func() {
		_, err := store.Append(t.Context(), eventstore.Append{Stream: held, Expected: 1, Events: events(1)})
		late <- err
	}()
	together(func(int) {
		if _, err := store.Append(t.Context(), eventstore.Append{Stream: newStream(uuid.New()), Events: events(1)}); err != nil {
			t.Error(err)
		}
	})
	select {
	case err := <-late:
		t.Fatalf("the held stream moved although it was locked: %v", err)
	default:
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-late; err != nil {
		t.Errorf("once the lock is gone: %v", err)
	}
}

func TestSeveralEventsMeetAnotherProcess(t *testing.T) {
	t.Parallel()
	url := database(t)
	store, _ := startAt(t, url, nil)
	stream := newStream(uuid.New())
	mustAppend(t, store, eventstore.Append{Stream: stream, Events: events(1)})
	elsewhere := appendElsewhere(t, url, stream, 2)
	late := make(chan error, 1)
	go func() {
		_, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: 1, Events: events(3)})
		late <- err
	}()
	waitForLock(t, url)
	if err := elsewhere.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var conflict *eventstore.ConflictError
	if err := <-late; !errors.As(err, &conflict) {
		t.Errorf("the stream is at version 2, and the append that expects 1 says %v", err)
	}
	if head, err := store.Head(t.Context(), stream.Tenant, stream.ID); err != nil || head != 2 {
		t.Errorf("the stream is at version %d, %v: want 2, and nothing of the refused command", head, err)
	}
}

// appendElsewhere appends a version to a stream as another process would that
// has not committed yet.
func appendElsewhere(t *testing.T, url string, stream event.Stream, version int64) pgx.Tx {
	t.Helper()
	tx, err := admin(t, url).Begin(t.Context())
	if err == nil {
		err = insertByHand(t.Context(), tx, stream.Tenant, stream.ID, version)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// waitForLock returns when a statement waits for another transaction's end.
func waitForLock(t *testing.T, url string) {
	t.Helper()
	watch := admin(t, url)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for waits := false; !waits; <-tick.C {
		err := watch.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database())`).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEqualIDsOfTwoTenantsAreTwoStreams(t *testing.T) {
	t.Parallel()
	store := start(t)
	a, b := newStream(uuid.New()), newStream(uuid.New())
	b.ID = a.ID
	mustAppend(t, store, eventstore.Append{Stream: a, Events: events(2)})
	if head, err := store.Head(t.Context(), b.Tenant, b.ID); err != nil || head != 0 {
		t.Errorf("the other tenant sees version %d, %v", head, err)
	}
	mustAppend(t, store, eventstore.Append{Stream: b, Events: events(1)})
	if head, _ := store.Head(t.Context(), a.Tenant, a.ID); head != 2 {
		t.Errorf("the first tenant's stream is at %d, want 2", head)
	}
	together(func(client int) { // also when they come at the same time
		mine := newStream(uuid.New())
		mine.ID = a.ID
		for version := range int64(5) {
			if _, err := store.Append(t.Context(), eventstore.Append{Stream: mine, Expected: version, Events: events(1)}); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestCancelledAppendHappensOnceOrNotAtAll(t *testing.T) {
	t.Parallel()
	store := start(t)
	together(func(client int) {
		stream := newStream(uuid.New())
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(client*50)*time.Microsecond)
		defer cancel()
		_, err := store.Append(ctx, eventstore.Append{Stream: stream, Events: events(2)})
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("client %d: %v", client, err)
		}
		head, readErr := store.Head(t.Context(), stream.Tenant, stream.ID)
		if readErr != nil || head != 0 && head != 2 || err == nil && head != 2 {
			t.Errorf("client %d: %v, but the stream is at %d, %v", client, err, head, readErr)
		}
	})
}

func TestStoppedStoreRefuses(t *testing.T) {
	t.Parallel()
	store, stop := startAt(t, database(t), nil)
	stop()
	_, err := store.Append(t.Context(), eventstore.Append{Stream: newStream(uuid.New()), Events: events(1)})
	if !errors.Is(err, eventstore.ErrStopped) {
		t.Errorf("append after the stop: %v", err)
	}
	if err := store.Run(t.Context()); err == nil {
		t.Error("Run could be called twice")
	}
}

func TestLostConnectionFailsWhatIsInFlightAndIsReplaced(t *testing.T) {
	t.Parallel()
	url := database(t)
	store, _ := startAt(t, url, nil)
	conn := admin(t, url)
	together(func(client int) {
		if client == 0 {
			const kill = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE application_name = 'oksai_committer' AND datname = current_database()`
			eventually(t, "a committer to kill", func() bool {
				var killed int
				if err := conn.QueryRow(t.Context(), kill).Scan(&killed); err != nil {
					t.Error(err)
				}
				return killed == 1
			})
			return
		}
		stream := newStream(uuid.New())
		for version := int64(0); version < 20; {
			_, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Expected: version, Events: events(1)})
			switch {
			case err == nil:
				version++
			case errors.Is(err, eventstore.ErrUnknownOutcome), errors.Is(err, eventstore.ErrUnavailable):
				if version, err = store.Head(t.Context(), stream.Tenant, stream.ID); err != nil {
					t.Error(err)
					return
				}
			default:
				t.Error(err)
				return
			}
		}
	})
}

// insertByHand writes an event as no program may that wants its versions checked.
func insertByHand(ctx context.Context, db eventstore.DB, tenant, id uuid.UUID, version int64) error {
	_, err := db.Exec(ctx, `INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type,
		schema_version, published, user_id, correlation_id, causation_id, trace, payload, at)
		VALUES (1, $1, $2, 'test', 'Thing', $3, $4, 'test.Happened', 1, true, '', $5, $5, '', $6, $7)`,
		uuid.New(), tenant, id, version, uuid.Nil, happened{n: 1}.AppendJSON(nil), time.Now())
	return err
}
