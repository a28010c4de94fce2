package outbox_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/outbox"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// kafkaLog reads the log topic from its beginning until it has seen so many
// different events, and returns all deliveries, duplicates included.
func kafkaLog(t *testing.T, config bus.Config, different int) []event.Recorded {
	t.Helper()
	client, err := config.Client(kgo.ConsumeTopics(config.LogTopic()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(250*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), outboxtest.Within)
	defer cancel()
	var all []event.Recorded
	for seen := map[uuid.UUID]bool{}; len(seen) < different; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d events: %v", len(seen), different, err)
		}
		for _, record := range fetches.Records() {
			e, err := bus.Decode(record)
			if err != nil {
				t.Fatal(err)
			}
			if want := config.PartitionOf(e.Stream.Tenant); record.Partition != want {
				t.Fatalf("tenant %v is in partition %d, and PartitionOf says %d", e.Stream.Tenant, record.Partition, want)
			}
			seen[e.ID], all = true, append(all, e)
		}
	}
	return all
}

// checkOrder demands that each tenant's events first appear in log order, and
// each stream's without a gap.
func checkOrder(t *testing.T, deliveries []event.Recorded) {
	t.Helper()
	seen := map[uuid.UUID]bool{}
	last, versions := map[uuid.UUID]event.Position{}, map[uuid.UUID]int64{}
	for _, e := range deliveries {
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		if !e.Position.After(last[e.Stream.Tenant]) {
			t.Errorf("event at %v first appears after one at %v of the same tenant", e.Position, last[e.Stream.Tenant])
		}
		if want := versions[e.Stream.ID] + 1; e.Version != want {
			t.Errorf("stream %v shows version %d where %d should be", e.Stream.ID, e.Version, want)
		}
		last[e.Stream.Tenant], versions[e.Stream.ID] = e.Position, e.Version
	}
}

func TestRelayThatDiesAtRandomPointsLosesNothingAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	const streams, perStream = 8, 40
	for range streams {
		stream := outboxtest.Stream(uuid.New())
		go func() {
			for v := range int64(perStream) {
				p.Append(t, stream, v, int(v))
			}
		}()
	}
	died := make(chan struct{})
	go func() {
		defer close(died)
		for range 15 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.N(300))*time.Millisecond)
			if err := p.Relay(t, p.Store).Run(ctx); err != nil {
				t.Errorf("relay: %v", err)
			}
			cancel()
		}
	}()
	<-died
	relay := p.Relay(t, p.Store)
	outboxtest.Go(t, relay.Run)
	checkOrder(t, kafkaLog(t, p.Bus, streams*perStream))
	outboxtest.Eventually(t, "the status says that nothing is left", func() bool {
		status, err := relay.Status(t.Context())
		return err == nil && status.Active && status.Lag == 0 && status.LastError == ""
	})
}

func TestPublishedEventsReachTheModulesTopic(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	outboxtest.Go(t, p.Relay(t, p.Store).Run)
	stream := outboxtest.Stream(uuid.New())
	p.Append(t, stream, 0, 1, 2, 3)
	client, err := p.Bus.Client(kgo.ConsumeTopics(p.Bus.EventsTopic("test")), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(250*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), outboxtest.Within)
	defer cancel()
	var versions []string
	for len(versions) < 3 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for _, record := range fetches.Records() {
			if string(record.Key) == stream.ID.String() { // a real Kafka's topic is shared by the tests
				versions = append(versions, bus.Headers(record)[bus.HeaderVersion])
			}
		}
	}
	if versions[0] != "1" || versions[1] != "2" || versions[2] != "3" {
		t.Errorf("versions came as %v", versions)
	}
}

// stalled is a log whose second page is withheld: the relay that reads it
// stands still, as a paused process does, with a page it read long ago.
type stalled struct {
	log     outbox.LogReader
	reads   int
	reached chan struct{}
	goOn    chan struct{}
}

func (s *stalled) ReadLog(ctx context.Context, after event.Position, limit int) ([]event.Recorded, error) {
	page, err := s.log.ReadLog(ctx, after, limit)
	if s.reads++; s.reads == 2 {
		close(s.reached)
		<-s.goOn // not even its context wakes it
	}
	return page, err
}

func TestRelayThatWakesUpAfterATakeOverChangesNothing(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	stream := outboxtest.Stream(uuid.New())
	p.Append(t, stream, 0, make([]int, 100)...)
	old := &stalled{log: p.Store, reached: make(chan struct{}), goOn: make(chan struct{})}
	zombie := p.Relay(t, old)
	stopZombie := outboxtest.Go(t, zombie.Run)
	<-old.reached

	successor := p.Relay(t, p.Store)
	outboxtest.Go(t, successor.Run)
	outboxtest.Eventually(t, "the successor takes over from a relay that does not renew its lease", func() bool {
		// The zombie's process is not really paused: its heartbeat must be beaten.
		if _, err := p.Store.Writer().Exec(t.Context(), `UPDATE oksai.relays SET leased_until = '-infinity' WHERE NOT $1`, successor.Leading()); err != nil {
			t.Fatal(err)
		}
		return successor.Leading()
	})
	published := func() int64 {
		status, err := successor.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return status.Published
	}
	outboxtest.Eventually(t, "the successor publishes all", func() bool { return published() == 100 })
	before, err := successor.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	close(old.goOn)
	outboxtest.Eventually(t, "the zombie notices", func() bool { return !zombie.Leading() })
	stopZombie()
	after, err := successor.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if after.Position != before.Position || after.Published != before.Published {
		t.Errorf("the zombie moved the cursor from %v (%d events) to %v (%d)", before.Position, before.Published, after.Position, after.Published)
	}
	p.Append(t, stream, 100, 1, 2, 3)
	checkOrder(t, kafkaLog(t, p.Bus, 103))
}

func TestStandbyTakesOverWithinTenSeconds(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	// A relay that died without a word: its lease has all its time left.
	if _, err := p.Store.Writer().Exec(t.Context(), `
		INSERT INTO oksai.relays (name, fence, holder, leased_until, epoch, xid, seq, updated_at)
		VALUES ($1, 7, 'dead', now() + interval '6 s', 0, '0', 0, now())`, p.Bus.Platform); err != nil {
		t.Fatal(err)
	}
	p.Append(t, outboxtest.Stream(uuid.New()), 0, 1)
	began := time.Now()
	a, b := p.Relay(t, p.Store), p.Relay(t, p.Store)
	outboxtest.Go(t, a.Run)
	outboxtest.Go(t, b.Run)
	kafkaLog(t, p.Bus, 1)
	if took := time.Since(began); took < 4*time.Second || took > 10*time.Second {
		t.Errorf("take-over took %v, want it after the lease and within 10 s", took)
	}
	if a.Leading() == b.Leading() {
		t.Errorf("leading: %v and %v, want one of two", a.Leading(), b.Leading())
	}
}

func TestWakeUpCrossesProcesses(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	newRelay := func() *outbox.Relay {
		relay, err := outbox.New(outbox.Config{Bus: p.Bus, Log: p.Store, Writer: p.Store.Writer(), Reader: p.Store.Reader(), PollInterval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		return relay
	}
	// The standby's process would publish too; the announcer's never does.
	leader, standby, announcer := newRelay(), newRelay(), newRelay()
	outboxtest.Go(t, announcer.Announce)
	outboxtest.Go(t, leader.Run)
	outboxtest.Eventually(t, "one relay leads", leader.Leading)
	outboxtest.Go(t, standby.Run)
	conn, err := pgx.Connect(t.Context(), p.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	outboxtest.Eventually(t, "the leader listens", func() bool {
		var listening bool
		err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN oksai_log')`).Scan(&listening)
		return err == nil && listening
	})
	p.Append(t, outboxtest.Stream(uuid.New()), 0, 1)
	// The poll would take an hour. One wake-up may come to nothing: a transaction
	// of another test can hold the log's readers back.
	outboxtest.Eventually(t, "the leader publishes", func() bool {
		standby.Wake()
		status, err := leader.Status(t.Context())
		return err == nil && status.Published == 1
	})
	p.Append(t, outboxtest.Stream(uuid.New()), 0, 1)
	outboxtest.Eventually(t, "the leader publishes what was announced", func() bool {
		announcer.Wake()
		status, err := leader.Status(t.Context())
		return err == nil && status.Published == 2
	})
	if announcer.Leading() {
		t.Error("the announcer leads")
	}
}
