package consume_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/twmb/franz-go/pkg/kfake"
)

// stopsWithin is less than an orchestrator's usual patience.
const stopsWithin = 15 * time.Second

func TestConsumerAndRelayStopWhileKafkaIsAway(t *testing.T) {
	t.Parallel()
	p := outboxtest.New(t)
	// A broker of its own, that can be stopped.
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	p.Bus.Brokers = cluster.ListenAddrs()
	if err := p.Bus.Ensure(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	effects := newTable(t, p)
	stopRelay := outboxtest.Go(t, p.Relay(t, p.Store).Run)
	stopConsumer := outboxtest.Go(t, consume.New(config(t, p, effects)).Run)
	stream := outboxtest.Stream(uuid.New())
	p.Append(t, stream, 0, 1)
	outboxtest.Eventually(t, "the event is applied", func() bool { return effects.count(t) == 1 })
	cluster.Close()
	p.Append(t, stream, 1, 2)
	began := time.Now()
	stopConsumer()
	if took := time.Since(began); took > stopsWithin {
		t.Errorf("the consumer stopped after %v, want within %v", took, stopsWithin)
	}
	began = time.Now()
	stopRelay()
	if took := time.Since(began); took > stopsWithin {
		t.Errorf("the relay stopped after %v, want within %v", took, stopsWithin)
	}
}
