package operations_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/operations"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// operated is a platform whose only consumer is a reaction that can be made ill.
type operated struct {
	*outboxtest.Platform
	*operations.Operations
	reaction reaction.Definition
	ill      atomic.Bool
	handled  atomic.Int64
}

func newOperated(t *testing.T) *operated {
	o := &operated{Platform: outboxtest.New(t)}
	o.reaction = reaction.Definition{Name: o.Bus.Platform + ".Count", Types: []string{outboxtest.CountedType}, Handle: o.handle}
	registry := projection.NewStore(o.Store.Writer(), o.Store.Reader(), time.Now)
	if err := audit.Migrate(t.Context(), o.URL); err != nil {
		t.Fatal(err)
	}
	o.Operations = operations.New(operations.Config{
		Store: o.Store, Registry: registry, Audit: audit.New(audit.Config{Store: o.Store}), Bus: o.Bus, Clock: time.Now,
	})
	if err := registry.Register(t.Context(), []string{o.reaction.Name}); err != nil {
		t.Fatal(err)
	}
	pauses := consume.NewPauses(consume.PausesConfig{List: registry.Paused, Interval: 10 * time.Millisecond})
	outboxtest.Go(t, pauses.Run)
	outboxtest.Go(t, o.Relay(t, o.Store).Run)
	outboxtest.Go(t, reaction.New(reaction.Config{
		Definition: o.reaction, Bus: o.Bus, Store: o.Store, Pauses: pauses, Attempts: 1, Logger: outboxtest.Logger(t),
	}).Run)
	replayer := reaction.Replayer{Store: o.Store, Reactions: []reaction.Definition{o.reaction}, Clock: time.Now, Logger: outboxtest.Logger(t)}
	outboxtest.Go(t, replayer.Run)
	return o
}

func (o *operated) handle(context.Context, event.Recorded) error {
	if o.ill.Load() {
		return errors.New("ill")
	}
	o.handled.Add(1)
	return nil
}

// consumer is the reaction as an operator sees it. A Kafka that has just begun
// does not know yet which broker a group is coordinated by.
func (o *operated) consumer(t *testing.T) operations.Consumer {
	t.Helper()
	var all []operations.Consumer
	outboxtest.Eventually(t, "the consumers and their lag", func() bool {
		var err error
		if all, err = o.Consumers(t.Context()); err == nil {
			err = o.MeasureLag(t.Context(), all)
		}
		return err == nil && len(all) == 1
	})
	return all[0]
}

func TestPausedConsumerShowsItsLagUntilItIsResumed(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	stream := outboxtest.Stream(uuid.New())
	o.Append(t, stream, 0, 1)
	settled := func(handled int64) func() bool {
		return func() bool {
			c := o.consumer(t)
			return c.Handled == handled && c.Lag != nil && *c.Lag == 0 && !c.Position.IsZero() && c.AdvancedAt != nil && c.Kind == "reaction"
		}
	}
	outboxtest.Eventually(t, "one event is handled and no lag is left", settled(1))
	names, err := o.Pause(t.Context(), "ann", o.reaction.Name)
	if err != nil || !slices.Equal(names, []string{o.reaction.Name}) {
		t.Fatalf("Pause: %v, %v", names, err)
	}
	if !o.consumer(t).Paused {
		t.Error("the paused consumer is not shown as paused")
	}
	o.Append(t, stream, 1, 2, 3)
	outboxtest.Eventually(t, "the lag shows", func() bool { return *o.consumer(t).Lag > 0 })
	if _, err := o.Resume(t.Context(), "ann", o.reaction.Name); err != nil {
		t.Fatal(err)
	}
	outboxtest.Eventually(t, "all events are handled", settled(3))
}

func TestUnknownNamesAreAnsweredWithTheKnownOnes(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	if _, err := o.Pause(t.Context(), "ann", "job.nothing"); err == nil || !strings.Contains(err.Error(), o.reaction.Name) {
		t.Errorf("Pause of a name that nobody has: %v", err)
	}
	if _, err := o.Rebuild(t.Context(), "ann", o.reaction.Name); err == nil || !strings.Contains(err.Error(), "no projection") {
		t.Errorf("Rebuild of a reaction: %v", err)
	}
}

func TestParkedStreamsAreShownAndReplayed(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	o.ill.Store(true)
	o.Append(t, outboxtest.Stream(uuid.New()), 0, 1, 2)
	o.Append(t, outboxtest.Stream(uuid.New()), 0, 1)
	outboxtest.Eventually(t, "both streams are parked", func() bool {
		c := o.consumer(t)
		return c.ParkedStreams == 2 && c.ParkedEvents == 3
	})
	o.ill.Store(false)
	// No consumer is named: all reactions' letters are meant.
	streams, err := o.Replay(t.Context(), "ann", reaction.Filter{})
	if err != nil || len(streams) != 2 {
		t.Errorf("replay of %+v, %v", streams, err)
	}
	left, err := o.AwaitReplayed(t.Context(), reaction.Filter{}, streams)
	if err != nil || len(left) != 0 || o.handled.Load() != 3 {
		t.Errorf("after the replay there are %+v, %v; %d handled", left, err, o.handled.Load())
	}
	if c := o.consumer(t); c.ParkedStreams != 0 {
		t.Errorf("still parked: %+v", c)
	}
}

func TestEventsAreShownInOrderAndFollowed(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	mine, other := outboxtest.Stream(uuid.New()), outboxtest.Stream(uuid.New())
	o.Append(t, other, 0, 1)
	o.Append(t, mine, 0, 1, 2, 3)
	o.Append(t, other, 1, 2)
	filter := operations.EventFilter{Tenant: &mine.Tenant, Module: "test"}
	var from event.Position
	outboxtest.Eventually(t, "readers may see all", func() (ok bool) {
		last, err := o.Store.LastPosition(t.Context())
		head := newest(t, o.Store)
		return err == nil && last == head
	})
	from, err := o.BeforeLast(t.Context(), filter, 2)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var versions []int64
	err = o.Events(ctx, filter, from, true, func(e operations.Event) error {
		if versions = append(versions, e.Version); e.Version == 3 {
			o.Append(t, mine, 3, 4) // while it is being followed
		}
		if e.Version == 4 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || !slices.Equal(versions, []int64{2, 3, 4}) {
		t.Errorf("events %v, %v", versions, err)
	}
	history, err := o.History(t.Context(), mine.Tenant, mine.ID, 1, 0)
	if err != nil || len(history) != 4 || history[3].Version != 4 {
		t.Errorf("stream: %+v, %v", history, err)
	}
	if _, err := o.History(t.Context(), other.Tenant, mine.ID, 1, 0); err == nil {
		t.Error("a stream was found under another tenant")
	}
}

func newest(t *testing.T, store *eventstore.Store) (p event.Position) {
	t.Helper()
	err := store.Reader().QueryRow(t.Context(), `SELECT epoch, xid, seq FROM oksai.events ORDER BY epoch DESC, xid DESC, seq DESC LIMIT 1`).Scan(&p.Epoch, &p.XID, &p.Seq)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStreamsArePagedByID(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	first := outboxtest.Stream(uuid.New())
	second, other := first, outboxtest.Stream(uuid.New())
	second.ID = uuid.Must(uuid.NewV7())
	o.Append(t, first, 0, 1, 2)
	o.Append(t, second, 0, 1)
	o.Append(t, other, 0, 1)
	var found []operations.Stream
	filter := operations.StreamFilter{Tenant: first.Tenant, Type: first.Module + "." + first.Type, Limit: 1}
	for {
		page, err := o.Streams(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		filter.After = page[0].ID
		found = append(found, page...)
	}
	versions := map[uuid.UUID]int64{}
	for _, s := range found {
		versions[s.ID] = s.Version
	}
	if len(found) != 2 || versions[first.ID] != 2 || versions[second.ID] != 1 {
		t.Errorf("streams %+v", found)
	}
	filter = operations.StreamFilter{Tenant: first.Tenant, Type: "job.Job", Limit: 10}
	if page, err := o.Streams(t.Context(), filter); err != nil || len(page) != 0 {
		t.Errorf("of another type: %+v, %v", page, err)
	}
	if page, err := o.History(t.Context(), first.Tenant, first.ID, 2, 1); err != nil || len(page) != 1 || page[0].Version != 2 {
		t.Errorf("from version 2: %+v, %v", page, err)
	}
}
