package reaction_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const reactedType = "test.Reacted"

// reacted is the effect of a reaction, on a stream of its own.
type reacted struct{ outboxtest.Counted }

func (reacted) EventType() string { return reactedType }

// shop is a platform with one reaction, which answers each counted event with a
// new stream.
type shop struct {
	*outboxtest.Platform
	definition reaction.Definition
	ill        sync.Map // stream id → its events fail
	calls      atomic.Int64
	registry   *prometheus.Registry
}

func newShop(t *testing.T) *shop {
	s := &shop{Platform: outboxtest.New(t), registry: prometheus.NewRegistry()}
	s.definition = reaction.Definition{Name: s.Bus.Platform + ".Answer", Types: []string{outboxtest.CountedType}, Handle: s.answer}
	return s
}

func (s *shop) answer(ctx context.Context, e event.Recorded) error {
	s.calls.Add(1)
	if _, ill := s.ill.Load(e.Stream.ID); ill {
		return errors.New("ill")
	}
	_, err := s.Store.Append(ctx, eventstore.Append{
		Stream: outboxtest.Stream(e.Stream.Tenant), Key: s.definition.Key(e),
		Events:   []event.Data{reacted{outboxtest.Counted{N: int(e.Version)}}},
		Metadata: event.Metadata{Causation: e.ID, Correlation: e.Metadata.Correlation},
	})
	return err
}

func (s *shop) run(t *testing.T) *reaction.Reactor {
	t.Helper()
	r := reaction.New(reaction.Config{
		Definition: s.definition, Bus: s.Bus, Store: s.Store, Attempts: 3, Backoff: time.Millisecond, Logger: outboxtest.Logger(t),
		Metrics: reaction.NewMetrics(s.registry), Consumers: consume.NewMetrics(s.registry),
	})
	outboxtest.Go(t, r.Run)
	return r
}

// effects lists the ids of the events that were answered, in order, with duplicates.
func (s *shop) effects(t *testing.T) (of []uuid.UUID) {
	t.Helper()
	rows, err := s.Store.Reader().Query(t.Context(), `SELECT causation_id FROM oksai.events WHERE type = $1 ORDER BY epoch, xid, seq`, reactedType)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		of = append(of, id)
	}
	return of
}

func (s *shop) awaitEffects(t *testing.T, n int) {
	t.Helper()
	outboxtest.Eventually(t, "every event is answered", func() bool { return len(s.effects(t)) >= n })
	seen := map[uuid.UUID]bool{}
	for _, id := range s.effects(t) {
		if seen[id] {
			t.Errorf("event %v was answered twice", id)
		}
		seen[id] = true
	}
	if len(seen) != n {
		t.Errorf("%d events were answered, want %d", len(seen), n)
	}
}

func (s *shop) letters() *reaction.DeadLetters {
	return reaction.NewDeadLetters(s.Store, time.Now)
}

func TestReactionHasItsEffectOnceUnderRedelivery(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	outboxtest.Go(t, s.Relay(t, s.Store).Run)
	stream := outboxtest.Stream(uuid.New())
	s.Append(t, stream, 0, make([]int, 30)...)
	s.run(t)
	s.awaitEffects(t, 30)
	before := s.calls.Load()
	s.forget(t)
	s.Append(t, stream, 30, 1)
	outboxtest.Eventually(t, "all events come again", func() bool { return s.calls.Load()-before >= 31 })
	s.awaitEffects(t, 31)
}

// forget loses the checkpoint: everything is delivered again.
func (s *shop) forget(t *testing.T) {
	t.Helper()
	if _, err := s.Store.Writer().Exec(t.Context(), `UPDATE oksai.checkpoints SET fence = fence + 1, epoch = 0, xid = '0', seq = 0`); err != nil {
		t.Fatal(err)
	}
}

func TestParkedStreamStopsNoOtherAndIsReplayedInOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	outboxtest.Go(t, s.Relay(t, s.Store).Run)
	s.run(t)
	tenant := uuid.New()
	sick, sound := outboxtest.Stream(tenant), outboxtest.Stream(tenant)
	s.ill.Store(sick.ID, true)
	s.Append(t, sick, 0, 1)
	parked := func() int {
		letters, err := s.letters().List(t.Context(), reaction.Filter{Consumer: s.definition.Name, Stream: &sick.ID, Status: "parked"})
		if err != nil {
			t.Fatal(err)
		}
		return len(letters)
	}
	outboxtest.Eventually(t, "the ill event is parked", func() bool { return parked() == 1 })
	tried := s.calls.Load()
	s.Append(t, sick, 1, 2, 3)
	s.Append(t, sound, 0, 1, 2, 3)
	s.awaitEffects(t, 3)
	outboxtest.Eventually(t, "what follows in the stream is parked behind", func() bool { return parked() == 3 })
	if calls := s.calls.Load() - tried; calls != 3 {
		t.Errorf("%d calls, want 3: events behind a parked one must not be tried", calls)
	}

	s.replayer(t, time.Now)
	if left := s.replay(t); len(left) != 1 || left[0].Events != 3 {
		t.Errorf("after a replay while still ill there are %+v", left)
	}
	s.ill.Clear()
	if left := s.replay(t); len(left) != 0 {
		t.Errorf("after a replay when mended there are %+v", left)
	}
	s.awaitEffects(t, 6)
	s.checkVersions(t, sick.ID, 3)
	s.Append(t, sick, 3, 4)
	s.awaitEffects(t, 7)
	if n := parked(); n != 0 {
		t.Errorf("%d events are still parked", n)
	}
	// The replay is the operator's: it is not counted.
	for name, want := range map[string]float64{"handled_total": 4, "retries_total": 2, "parked_total": 3} {
		if got := outboxtest.Metric(t, s.registry, "oksai_reaction_"+name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// checkVersions demands that a stream's events were answered in their order.
func (s *shop) checkVersions(t *testing.T, stream uuid.UUID, n int64) {
	t.Helper()
	var versions []int64
	err := s.Store.Reader().QueryRow(t.Context(), `
		SELECT array_agg(cause.version ORDER BY effect.epoch, effect.xid, effect.seq)
		FROM oksai.events effect JOIN oksai.events cause ON cause.event_id = effect.causation_id
		WHERE effect.type = $1 AND cause.stream_id = $2`, reactedType, stream).Scan(&versions)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range versions {
		if v != int64(i+1) || len(versions) != int(n) {
			t.Fatalf("stream was answered in the order %v, want 1 to %d", versions, n)
		}
	}
}

func TestDiscardedEventLeavesTheRestToAReplay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	outboxtest.Go(t, s.Relay(t, s.Store).Run)
	s.run(t)
	sick := outboxtest.Stream(uuid.New())
	s.ill.Store(sick.ID, true)
	s.Append(t, sick, 0, 1, 2)
	letters := s.letters()
	var first reaction.Letter
	outboxtest.Eventually(t, "both are parked", func() bool {
		all, err := letters.List(t.Context(), reaction.Filter{Status: "parked"})
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 2 {
			first = all[0]
		}
		return len(all) == 2
	})
	if !strings.Contains(first.Error, "ill") || first.Attempts != 3 || first.Code != "REACTION_FAILED" {
		t.Errorf("letter is %+v", first)
	}
	groups, err := letters.Groups(t.Context())
	if err != nil || len(groups) != 2 { // the one that failed, and the one behind it
		t.Errorf("groups: %+v, %v", groups, err)
	}
	if err := letters.Discard(t.Context(), first.Consumer, first.Tenant, first.Event); err != nil {
		t.Fatal(err)
	}
	if err := letters.Discard(t.Context(), first.Consumer, first.Tenant, first.Event); err == nil {
		t.Error("a discarded event was discarded again")
	}
	s.ill.Clear()
	s.replayer(t, time.Now)
	if left := s.replay(t); len(left) != 0 {
		t.Errorf("after the replay there are %+v", left)
	}
	s.awaitEffects(t, 1)
}

// TestDiscardedEventStaysSoWhenItComesAgain: it is given up for good.
func TestDiscardedEventStaysSoWhenItComesAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sick := outboxtest.Stream(uuid.New())
	s.sicken(t, 1, sick)
	all, err := s.letters().List(t.Context(), reaction.Filter{})
	if err != nil || len(all) != 1 {
		t.Fatalf("the letters are %+v, %v", all, err)
	}
	if err := s.letters().Discard(t.Context(), all[0].Consumer, all[0].Tenant, all[0].Event); err != nil {
		t.Fatal(err)
	}
	before := s.calls.Load()
	s.forget(t)
	s.Append(t, sick, 1, 2)
	outboxtest.Eventually(t, "all events come again", func() bool { return s.calls.Load()-before >= 2 })
	s.Append(t, sick, 2, 3)
	s.awaitEffects(t, 2)
	if slices.Contains(s.effects(t), all[0].Event) {
		t.Error("the discarded event was handled")
	}
	if parked := s.parked(t); len(parked) != 0 {
		t.Errorf("still parked: %+v", parked)
	}
}

func TestPanicIsParkedLikeAnyFailure(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	outboxtest.Go(t, s.Relay(t, s.Store).Run)
	s.definition.Handle = func(context.Context, event.Recorded) error { panic("nil map") }
	s.run(t)
	s.Append(t, outboxtest.Stream(uuid.New()), 0, 1)
	outboxtest.Eventually(t, "the event is parked", func() bool {
		all, err := s.letters().List(t.Context(), reaction.Filter{Status: "parked"})
		return err == nil && len(all) == 1 && strings.Contains(all[0].Error, "nil map")
	})
}

func TestInvalidEventIsParkedAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		refusal error
		calls   int64
	}{{problem.Invalid(), 1}, {problem.NotFound("job"), 3}, {errors.New("ill"), 3}} {
		s := newShop(t)
		s.definition.Handle = func(context.Context, event.Recorded) error {
			s.calls.Add(1)
			return fmt.Errorf("start a job: %w", c.refusal)
		}
		outboxtest.Go(t, s.Relay(t, s.Store).Run)
		s.run(t)
		s.Append(t, outboxtest.Stream(uuid.New()), 0, 1)
		outboxtest.Eventually(t, "the event is parked", func() bool {
			parked, err := s.letters().List(t.Context(), reaction.Filter{Status: "parked"})
			return err == nil && len(parked) == 1 && int64(parked[0].Attempts) == c.calls
		})
		if calls := s.calls.Load(); calls != c.calls {
			t.Errorf("%v: the reaction was tried %d times, want %d", c.refusal, calls, c.calls)
		}
	}
}

func TestPausedReactionRestsAlsoOnAForeignTopic(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	foreign := s.Bus
	foreign.Platform += "-foreign"
	if err := foreign.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.definition.Topic, s.definition.Types = foreign.LogTopic(), []string{"order.Paid"}
	var paused atomic.Bool
	paused.Store(true)
	pauses := consume.NewPauses(consume.PausesConfig{Interval: 10 * time.Millisecond, List: func(context.Context) ([]string, error) {
		if paused.Load() {
			return []string{s.definition.Name}, nil
		}
		return nil, nil
	}})
	outboxtest.Go(t, pauses.Run)
	var others atomic.Int64
	other := s.definition
	other.Name += "Too"
	other.Handle = func(context.Context, event.Recorded) error { others.Add(1); return nil }
	for _, definition := range []reaction.Definition{s.definition, other} {
		outboxtest.Go(t, reaction.New(reaction.Config{Definition: definition, Bus: s.Bus, Store: s.Store, Pauses: pauses}).Run)
	}
	client, err := s.Bus.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	whole := &kgo.Record{Topic: foreign.LogTopic(), Value: []byte(
		`{"specversion":"1.0","id":"order-2","source":"/shop","type":"order.Paid","subject":"o2","tenantid":"` + uuid.NewString() + `","data":{"n":2}}`)}
	if err := client.ProduceSync(t.Context(), whole).FirstErr(); err != nil {
		t.Fatal(err)
	}
	outboxtest.Eventually(t, "the other reaction is done", func() bool { return others.Load() == 1 })
	if n := s.calls.Load(); n != 0 {
		t.Errorf("%d calls while paused", n)
	}
	paused.Store(false)
	s.awaitEffects(t, 1)
}

func TestForeignEventsAreAnsweredOnceAndUnreadableOnesParked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	topic := s.Bus.Platform + "-foreign"
	foreign := s.Bus
	foreign.Platform = topic
	if err := foreign.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.definition.Topic, s.definition.Types = foreign.LogTopic(), []string{"order.Paid"}
	client, err := s.Bus.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	tenant := uuid.New()
	header := func(k, v string) kgo.RecordHeader { return kgo.RecordHeader{Key: k, Value: []byte(v)} }
	binary := func() *kgo.Record {
		return &kgo.Record{Topic: foreign.LogTopic(), Key: []byte("a"), Value: []byte(`{"n":1}`), Headers: []kgo.RecordHeader{
			header("ce_id", "order-1"), header("ce_source", "/shop"), header("ce_type", "order.Paid"), header("ce_subject", "o1"), header("ce_tenantid", tenant.String()),
		}}
	}
	whole := &kgo.Record{Topic: foreign.LogTopic(), Key: []byte("a"), Value: []byte(
		`{"specversion":"1.0","id":"order-2","source":"/shop","type":"order.Paid","subject":"o2","tenantid":"` + tenant.String() + `","data":{"n":2}}`)}
	other := binary()
	other.Headers[2] = header("ce_type", "order.Lost")
	junk := &kgo.Record{Topic: foreign.LogTopic(), Key: []byte("a"), Value: []byte("\x00junk")}
	if err := client.ProduceSync(t.Context(), binary(), junk, binary(), other, whole).FirstErr(); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	s.awaitEffects(t, 2)
	outboxtest.Eventually(t, "the junk is parked", func() bool {
		all, err := s.letters().List(t.Context(), reaction.Filter{Status: "parked"})
		return err == nil && len(all) == 1 && strings.Contains(all[0].Error, "no ce_id header")
	})
	if calls := s.calls.Load(); calls != 3 {
		t.Errorf("%d calls, want 3: one event came twice, one was of another type, one could not be read", calls)
	}
}
