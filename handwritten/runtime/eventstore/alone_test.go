package eventstore_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

type ctx = context.Context

var errInline = errors.New("refused inline")

func doNothing(ctx, pgx.Tx, []event.Recorded) error { return nil }

func TestLimitsAreExactUnderConcurrency(t *testing.T) {
	t.Parallel()
	store := start(t)
	tenant := uuid.New()
	const most = 10
	limit := eventstore.Limit{Name: "open_urgent", Delta: 1, Bound: most, Code: "TOO_MANY_URGENT"}
	begin(t, store, tenant, limit.Name, nil)
	var open, refused atomic.Int64
	streams := make([]event.Stream, clients)
	together(func(client int) {
		stream := newStream(tenant)
		_, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Events: events(1), Limits: []eventstore.Limit{limit}})
		var over *eventstore.LimitError
		switch {
		case err == nil:
			open.Add(1)
			streams[client] = stream
		case errors.As(err, &over) && over.Limit.Code == "TOO_MANY_URGENT":
			refused.Add(1)
			if head, _ := store.Head(t.Context(), tenant, stream.ID); head != 0 {
				t.Errorf("a refused command moved its stream to %d", head)
			}
		default:
			t.Error(err)
		}
	})
	if open.Load() != most || refused.Load() != clients-most {
		t.Fatalf("%d open and %d refused, want %d and %d", open.Load(), refused.Load(), most, clients-most)
	}
	down := limit
	down.Delta, down.Bound = -1, -1
	for _, stream := range streams {
		if stream.ID != uuid.Nil {
			mustAppend(t, store, eventstore.Append{Stream: stream, Expected: 1, Events: events(1), Limits: []eventstore.Limit{down}})
			break
		}
	}
	mustAppend(t, store, eventstore.Append{Stream: newStream(tenant), Events: events(1), Limits: []eventstore.Limit{limit}})
	if _, err := store.Append(t.Context(), eventstore.Append{Stream: newStream(tenant), Events: events(1), Limits: []eventstore.Limit{limit}}); err == nil {
		t.Error("one place was freed, two were taken")
	}
	// Other tenants, scopes and unlimited counters are apart.
	other := uuid.New()
	begin(t, store, other, limit.Name, nil)
	mustAppend(t, store, eventstore.Append{Stream: newStream(other), Events: events(1), Limits: []eventstore.Limit{limit}})
	scoped, unlimited := limit, limit
	scoped.Scope, unlimited.Bound = "eu", -1
	mustAppend(t, store, eventstore.Append{Stream: newStream(tenant), Events: events(1), Limits: []eventstore.Limit{unlimited, scoped}})
}

// TestALeastHoldsUnderConcurrency: all that are there go at the same time, and
// exactly one has to stay. Neighbours in the shared batches are not held up by it.
func TestALeastHoldsUnderConcurrency(t *testing.T) {
	t.Parallel()
	store := start(t)
	tenant := uuid.New()
	streams := make([]event.Stream, clients)
	for i := range streams {
		streams[i] = newStream(tenant)
		mustAppend(t, store, eventstore.Append{Stream: streams[i], Events: events(1)})
	}
	begin(t, store, tenant, "owners", map[string]int64{"": clients})
	limits := []eventstore.Limit{{Name: "owners", Delta: -1, Bound: 1}}
	var gone, refused atomic.Int64
	together(func(client int) {
		_, err := store.Append(t.Context(), eventstore.Append{Stream: streams[client], Expected: 1, Events: events(1), Limits: limits})
		var below *eventstore.LimitError
		switch {
		case err == nil:
			gone.Add(1)
		case errors.As(err, &below):
			refused.Add(1)
		default:
			t.Error(err)
		}
		mustAppend(t, store, eventstore.Append{Stream: newStream(tenant), Events: events(1)})
	})
	if gone.Load() != clients-1 || refused.Load() != 1 {
		t.Errorf("%d are gone and %d were refused, want %d and 1", gone.Load(), refused.Load(), clients-1)
	}
}

func TestALimitIsBegunOnce(t *testing.T) {
	t.Parallel()
	store := start(t)
	tenant := uuid.New()
	full := eventstore.Append{Stream: newStream(tenant), Events: events(1), Limits: []eventstore.Limit{{Name: "jobs", Scope: "eu", Delta: 1, Bound: 3}}}
	if _, err := store.Append(t.Context(), full); !errors.Is(err, eventstore.ErrUncounted) {
		t.Fatalf("before it was counted: %v", err)
	}
	if ids, err := store.Streams(t.Context(), tenant, "test", "Thing"); err != nil || len(ids) != 0 {
		t.Errorf("what was not counted is there: %v, %v", ids, err)
	}
	begin(t, store, tenant, "jobs", map[string]int64{"eu": 3, "us": 1})
	begin(t, store, tenant, "jobs", map[string]int64{"eu": 1})
	var over *eventstore.LimitError
	if _, err := store.Append(t.Context(), full); !errors.As(err, &over) {
		t.Errorf("three are there, and a fourth comes: %v", err)
	}
	full.Limits[0].Scope = "us"
	mustAppend(t, store, full)
	for what, c := range map[string]struct {
		tenant       uuid.UUID
		module, kind string
		want         int
	}{
		"its own": {tenant, "test", "Thing", 1}, "of another type": {tenant, "test", "Other", 0},
		"of another module": {tenant, "other", "Thing", 0}, "of another tenant": {uuid.New(), "test", "Thing", 0},
	} {
		if ids, err := store.Streams(t.Context(), c.tenant, c.module, c.kind); err != nil || len(ids) != c.want {
			t.Errorf("streams %s: %v, %v", what, ids, err)
		}
	}
}

func begin(t *testing.T, store *eventstore.Store, tenant uuid.UUID, limit string, counts map[string]int64) {
	t.Helper()
	if err := store.BeginLimit(t.Context(), tenant, limit, counts); err != nil {
		t.Fatal(err)
	}
}

func TestReplayMovesNoLimit(t *testing.T) {
	t.Parallel()
	store := start(t)
	tenant := uuid.New()
	limit := []eventstore.Limit{{Name: "members", Delta: 1, Bound: 2}}
	begin(t, store, tenant, "members", nil)
	for range 5 {
		mustAppend(t, store, eventstore.Append{Stream: newStream(tenant), Events: events(1), Limits: limit, Key: key("k")})
	}
	mustAppend(t, store, eventstore.Append{Stream: newStream(tenant), Events: events(1), Limits: limit})
}

func TestInlineFailureUndoesItsAppendAlone(t *testing.T) {
	t.Parallel()
	url := database(t)
	store, _ := startAt(t, url, nil)
	if _, err := admin(t, url).Exec(t.Context(), `CREATE TABLE public.slugs (slug text PRIMARY KEY, position bigint);
		GRANT ALL ON public.slugs TO oksai_writer`); err != nil {
		t.Fatal(err)
	}
	take := func(ctx ctx, tx pgx.Tx, recorded []event.Recorded) error {
		_, err := tx.Exec(ctx, "INSERT INTO public.slugs VALUES ('acme', $1)", recorded[0].Position.Seq)
		return err
	}
	var won, lost atomic.Int64
	tenant := uuid.New()
	together(func(client int) {
		a := eventstore.Append{Stream: newStream(tenant), Events: events(2)}
		if client%2 == 0 {
			a.Inline = []func(ctx, pgx.Tx, []event.Recorded) error{take}
		}
		_, err := store.Append(t.Context(), a)
		head, _ := store.Head(t.Context(), tenant, a.Stream.ID)
		switch {
		case client%2 == 1 && err != nil:
			t.Errorf("a neighbour suffered: %v", err)
		case client%2 == 0 && err == nil && head == 2:
			won.Add(1)
		case client%2 == 0 && err != nil && head == 0:
			lost.Add(1)
		}
	})
	if won.Load() != 1 || lost.Load() != clients/2-1 {
		t.Errorf("%d took the slug and %d did not, want 1 and %d", won.Load(), lost.Load(), clients/2-1)
	}
}

func TestFailedCommitReachesEveryCaller(t *testing.T) {
	t.Parallel()
	url := database(t)
	store, _ := startAt(t, url, nil)
	// A constraint trigger that strikes at commit, when all statements have succeeded.
	if _, err := admin(t, url).Exec(t.Context(), `
		CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused at commit'; END $$;
		CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON oksai.events DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW WHEN (NEW.type = 'test.Happened' AND NEW.module = 'refused') EXECUTE FUNCTION public.refuse()`); err != nil {
		t.Fatal(err)
	}
	together(func(client int) {
		stream := newStream(uuid.New())
		if client%4 == 0 {
			stream.Module = "refused"
		}
		_, err := store.Append(t.Context(), eventstore.Append{Stream: stream, Events: events(1)})
		head, _ := store.Head(t.Context(), stream.Tenant, stream.ID)
		if refused := client%4 == 0; refused != (err != nil) || refused != (head == 0) {
			t.Errorf("client %d: %v, and the stream is at %d", client, err, head)
		}
	})
}
