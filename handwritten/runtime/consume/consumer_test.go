package consume_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
)

// table is a projection in PostgreSQL: one row per event, written in the
// transaction that moves the checkpoint. Nothing but the checkpoint keeps an
// effect from happening twice.
type table struct {
	p *outboxtest.Platform
	// before, if set, is asked before each batch.
	before func(context.Context, *consume.Batch) error
}

func newTable(t *testing.T, p *outboxtest.Platform) *table {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, p.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `
		CREATE TABLE effects (n bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL, stream_id uuid NOT NULL, version bigint NOT NULL);
		GRANT SELECT, INSERT ON effects TO oksai_writer`); err != nil {
		t.Fatal(err)
	}
	return &table{p: p}
}

func (x *table) Handle(ctx context.Context, b *consume.Batch) error {
	if x.before != nil {
		if err := x.before(ctx, b); err != nil {
			return err
		}
	}
	return pgx.BeginFunc(ctx, x.p.Store.Writer(), func(tx pgx.Tx) error {
		if err := insert(ctx, tx, b.Events); err != nil {
			return err
		}
		return b.Save(ctx, tx)
	})
}

func insert(ctx context.Context, tx pgx.Tx, events []event.Recorded) error {
	for _, e := range events {
		if _, err := tx.Exec(ctx, `INSERT INTO effects (event_id, stream_id, version) VALUES ($1, $2, $3)`, e.ID, e.Stream.ID, e.Version); err != nil {
			return err
		}
	}
	return nil
}

func (x *table) count(t *testing.T) (n int) {
	t.Helper()
	if err := x.p.Store.Writer().QueryRow(t.Context(), `SELECT count(*) FROM effects`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// checkOrder demands that each stream's events took effect once, in the order of
// their versions.
func (x *table) checkOrder(t *testing.T) {
	t.Helper()
	var wrong int
	if err := x.p.Store.Writer().QueryRow(t.Context(), `
		SELECT count(*) FROM (SELECT version, row_number() OVER (PARTITION BY stream_id ORDER BY n) AS place FROM effects) e
		WHERE version <> place`).Scan(&wrong); err != nil {
		t.Fatal(err)
	}
	if wrong > 0 {
		t.Errorf("%d effects happened twice or out of order", wrong)
	}
}

func config(t *testing.T, p *outboxtest.Platform, handler consume.Handler) consume.Config {
	return consume.Config{
		Name: "test." + p.Bus.Platform, Bus: p.Bus, Store: p.Store, Handler: handler,
		BatchSize: 10, Linger: 10 * time.Millisecond, Logger: outboxtest.Logger(t),
	}
}

// tenantsInAllPartitions returns a tenant for each partition.
func tenantsInAllPartitions(p *outboxtest.Platform) []uuid.UUID {
	tenants := make([]uuid.UUID, p.Bus.PartitionCount())
	for missing := len(tenants); missing > 0; {
		tenant := uuid.New()
		if at := p.Bus.PartitionOf(tenant); tenants[at] == uuid.Nil {
			tenants[at] = tenant
			missing--
		}
	}
	return tenants
}

func TestEffectsHappenOnceWhileProcessesComeAndGoAndTheLogIsRedelivered(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	outboxtest.Go(t, p.Relay(t, p.Store).Run)
	effects := newTable(t, p)
	var stumbles atomic.Int32
	effects.before = func(context.Context, *consume.Batch) error {
		if stumbles.Add(1)%5 == 0 {
			return errors.New("stumbled")
		}
		return nil
	}
	outboxtest.Go(t, consume.New(config(t, p, effects)).Run)
	tenants := tenantsInAllPartitions(p)
	const perTenant = 60
	var writers sync.WaitGroup
	for _, tenant := range tenants {
		stream := outboxtest.Stream(tenant)
		writers.Go(func() {
			for v := range int64(perTenant) {
				p.Append(t, stream, v, int(v))
			}
		})
	}
	// Meanwhile other members join and leave, and the relay forgets where it was.
	for range 3 {
		leave := outboxtest.Go(t, consume.New(config(t, p, effects)).Run)
		seen := effects.count(t)
		outboxtest.Eventually(t, "the group makes progress", func() bool {
			n := effects.count(t)
			return n > seen || n == perTenant*len(tenants)
		})
		if _, err := p.Store.Writer().Exec(t.Context(), `UPDATE oksai.relays SET fence = fence + 1, leased_until = '-infinity', epoch = 0, xid = '0', seq = 0`); err != nil {
			t.Fatal(err)
		}
		leave()
	}
	writers.Wait()
	outboxtest.Eventually(t, "every event has its effect", func() bool { return effects.count(t) == perTenant*len(tenants) })
	effects.checkOrder(t)
}

func TestZombieCannotRepeatABatchThatItsSuccessorApplied(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	outboxtest.Go(t, p.Relay(t, p.Store).Run)
	effects := newTable(t, p)
	held, wakeUp, outcome := make(chan *consume.Batch, 1), make(chan struct{}), make(chan error, 1)
	var later atomic.Bool
	zombie := consume.HandlerFunc(func(ctx context.Context, b *consume.Batch) error {
		if len(b.Events) == 0 || later.Swap(true) {
			return effects.Handle(ctx, b)
		}
		held <- b
		<-wakeUp
		err := effects.Handle(ctx, b)
		outcome <- err
		return err
	})
	p.Append(t, outboxtest.Stream(uuid.New()), 0, 1)
	c := config(t, p, zombie)
	outboxtest.Go(t, consume.New(c).Run)
	b := <-held

	// The successor claims the partition and applies the same batch.
	owned, err := p.Store.ClaimCheckpoint(t.Context(), c.Name, b.Partition)
	if err != nil {
		t.Fatal(err)
	}
	owned.Position = b.To
	if err := pgx.BeginFunc(t.Context(), p.Store.Writer(), func(tx pgx.Tx) error {
		if err := insert(t.Context(), tx, b.Events); err != nil {
			return err
		}
		return p.Store.SaveCheckpoint(t.Context(), tx, owned)
	}); err != nil {
		t.Fatal(err)
	}
	close(wakeUp)
	if err := <-outcome; !errors.Is(err, eventstore.ErrFenced) {
		t.Errorf("the zombie's batch ended with %v, want ErrFenced", err)
	}
	p.Append(t, b.Events[0].Stream, 1, 2)
	outboxtest.Eventually(t, "the partition goes on", func() bool { return effects.count(t) == 2 })
	effects.checkOrder(t)
}

func TestPartitionThatFailsDoesNotStopOthers(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	outboxtest.Go(t, p.Relay(t, p.Store).Run)
	tenants := tenantsInAllPartitions(p)
	effects := newTable(t, p)
	var healed atomic.Bool
	effects.before = func(_ context.Context, b *consume.Batch) error {
		if b.Partition == 0 && !healed.Load() {
			return errors.New("ill")
		}
		return nil
	}
	c, registry := config(t, p, effects), prometheus.NewRegistry()
	c.Metrics = consume.NewMetrics(registry)
	consumer := consume.New(c)
	outboxtest.Go(t, consumer.Run)
	for _, tenant := range tenants {
		p.Append(t, outboxtest.Stream(tenant), 0, 1, 2, 3)
	}
	outboxtest.Eventually(t, "the other partitions are applied", func() bool { return effects.count(t) == 3*(len(tenants)-1) })
	outboxtest.Eventually(t, "the status names the ill partition", func() bool {
		return slices.ContainsFunc(consumer.Status().Partitions, func(s consume.PartitionStatus) bool { return s.Partition == 0 && s.Err == "ill" })
	})
	// The lag is known when Kafka has told where the partition ends; PostgreSQL may be read first.
	outboxtest.Eventually(t, "the metrics show the lag and the failures", func() bool {
		return outboxtest.Metric(t, registry, "oksai_consumer_lag_records") >= 3 && outboxtest.Metric(t, registry, "oksai_consumer_failures_total") > 0
	})
	healed.Store(true)
	outboxtest.Eventually(t, "the ill partition is applied", func() bool { return effects.count(t) == 3*len(tenants) })
	outboxtest.Eventually(t, "no lag is left", func() bool {
		status := consumer.Status()
		return !slices.ContainsFunc(status.Partitions, func(s consume.PartitionStatus) bool { return s.Lag > 0 || s.Err != "" })
	})
	if lag, events := outboxtest.Metric(t, registry, "oksai_consumer_lag_records"), outboxtest.Metric(t, registry, "oksai_consumer_events_total"); lag != 0 || int(events) != 3*len(tenants) {
		t.Errorf("the metrics show a lag of %v and %v events", lag, events)
	}
	effects.checkOrder(t)
}

func TestPausedConsumerAppliesNothingInAnyProcess(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	outboxtest.Go(t, p.Relay(t, p.Store).Run)
	effects := newTable(t, p)
	operator := projection.NewStore(p.Store.Writer(), p.Store.Reader(), time.Now)
	c := config(t, p, effects)
	pause := func(paused bool) {
		t.Helper()
		if err := operator.SetPaused(t.Context(), []string{c.Name}, paused); err != nil {
			t.Fatal(err)
		}
	}
	c.Pauses = consume.NewPauses(consume.PausesConfig{List: operator.Paused, Interval: 10 * time.Millisecond, Logger: outboxtest.Logger(t)})
	outboxtest.Go(t, c.Pauses.Run)
	consumer := consume.New(c)
	stop := outboxtest.Go(t, consumer.Run)
	stream := outboxtest.Stream(uuid.New())
	p.Append(t, stream, 0, 1)
	outboxtest.Eventually(t, "the first event is applied", func() bool { return effects.count(t) == 1 })
	pause(true)
	outboxtest.Eventually(t, "the consumer has heard of its pause", func() bool { return consumer.Status().Paused })
	p.Append(t, stream, 1, 2)
	outboxtest.Eventually(t, "the second event waits in the consumer", func() bool {
		return slices.ContainsFunc(consumer.Status().Partitions, func(s consume.PartitionStatus) bool { return s.Lag > 0 })
	})
	stop()
	// A process that starts now finds the pause.
	c.Pauses = consume.NewPauses(consume.PausesConfig{List: operator.Paused, Interval: 10 * time.Millisecond})
	outboxtest.Go(t, c.Pauses.Run)
	successor := consume.New(c)
	outboxtest.Go(t, successor.Run)
	outboxtest.Eventually(t, "the successor owns all partitions", func() bool { return len(successor.Status().Partitions) == int(p.Bus.PartitionCount()) })
	if n := effects.count(t); n != 1 {
		t.Errorf("%d effects while paused, want 1", n)
	}
	pause(false)
	outboxtest.Eventually(t, "the second event is applied", func() bool { return effects.count(t) == 2 })
	effects.checkOrder(t)
}

func TestErrorIsKeptForOperatorsOfOtherProcessesUntilTheNextSuccess(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	outboxtest.Go(t, p.Relay(t, p.Store).Run)
	effects := newTable(t, p)
	var healed atomic.Bool
	effects.before = func(context.Context, *consume.Batch) error {
		if !healed.Load() {
			return errors.New("ill")
		}
		return nil
	}
	outboxtest.Go(t, consume.New(config(t, p, effects)).Run)
	p.Append(t, outboxtest.Stream(uuid.New()), 0, 1)
	errorIs := func(want string) func() bool {
		return func() bool {
			all, err := p.Store.Checkpoints(t.Context())
			return err == nil && slices.ContainsFunc(all, func(c eventstore.Checkpoint) bool { return c.LastError == want && (want != "" || c.Count > 0) })
		}
	}
	outboxtest.Eventually(t, "the error is kept", errorIs("ill"))
	healed.Store(true)
	outboxtest.Eventually(t, "the error is cleared", errorIs(""))
}

func TestWhatKafkaDoesNotHoldIsReadFromPostgreSQL(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	stopRelay := outboxtest.Go(t, p.Relay(t, p.Store).Run)
	streams := make([]event.Stream, 0, 4)
	for _, tenant := range tenantsInAllPartitions(p) {
		stream := outboxtest.Stream(tenant)
		streams = append(streams, stream)
		p.Append(t, stream, 0, make([]int, 30)...)
	}
	relay := p.Relay(t, p.Store)
	outboxtest.Eventually(t, "all is in Kafka", func() bool {
		status, err := relay.Status(t.Context())
		return err == nil && status.Published == 120
	})
	stopRelay()
	deleteLog(t, p)

	effects := newTable(t, p)
	outboxtest.Go(t, consume.New(config(t, p, effects)).Run)
	outboxtest.Eventually(t, "what was deleted from Kafka has its effect", func() bool { return effects.count(t) == 120 })
	outboxtest.Go(t, relay.Run)
	for _, stream := range streams {
		p.Append(t, stream, 30, 1, 2, 3)
	}
	outboxtest.Eventually(t, "what comes later has its effect", func() bool { return effects.count(t) == 132 })
	effects.checkOrder(t)
}

// TestAGapInKafkaIsReadFromPostgreSQL lets Kafka show an event without the one
// before it, as a broker does that lost a record, to a consumer already at work.
func TestAGapInKafkaIsReadFromPostgreSQL(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	stopRelay := outboxtest.Go(t, p.Relay(t, p.Store).Run)
	effects := newTable(t, p)
	outboxtest.Go(t, consume.New(config(t, p, effects)).Run)
	stream := outboxtest.Stream(uuid.New())
	p.Append(t, stream, 0, 1)
	outboxtest.Eventually(t, "the consumer is at work", func() bool { return effects.count(t) == 1 })
	stopRelay()

	p.Append(t, stream, 1, 2)
	p.Append(t, stream, 2, 3)
	events, err := p.Store.Read(t.Context(), stream, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	record := p.Bus.LogRecord(events[2])
	bus.Follow(record, events[1].Position)
	client, err := p.Bus.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	outboxtest.Eventually(t, "the lost event and the one after it have their effect", func() bool { return effects.count(t) == 3 })
	effects.checkOrder(t)
}

// deleteLog deletes all records of the log topic, as retention does.
func deleteLog(t *testing.T, p *outboxtest.Platform) {
	t.Helper()
	client, err := p.Bus.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	ends, err := admin.ListEndOffsets(t.Context(), p.Bus.LogTopic())
	if err != nil {
		t.Fatal(err)
	}
	deleted, err := admin.DeleteRecords(t.Context(), ends.Offsets())
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
}
