// Package outboxtest gives tests a platform with a real log: PostgreSQL, Kafka,
// and a relay between them.
package outboxtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/outbox"
)

// Within bounds how long a test waits for anything.
const Within = 60 * time.Second

// Platform is a log that tests write to.
type Platform struct {
	// URL is the database's, for its superuser.
	URL   string
	Store *eventstore.Store
	Bus   bus.Config
}

// Counted is the event of these tests: it carries a number.
type Counted struct{ N int }

// CountedType is the type of Counted.
const CountedType = "test.Counted"

// EventType implements event.Data.
func (Counted) EventType() string { return CountedType }

// SchemaVersion implements event.Data.
func (Counted) SchemaVersion() int { return 1 }

// Published implements event.Data.
func (Counted) Published() bool { return true }

// AppendJSON implements event.Data.
func (c Counted) AppendJSON(dst []byte) []byte { return fmt.Appendf(dst, `{"n":%d}`, c.N) }

// N reads the number back.
func N(t testing.TB, e event.Recorded) int {
	t.Helper()
	text := strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(string(e.Payload), " ", ""), `{"n":`), "}")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Errorf("payload %s carries no number: %v", e.Payload, err)
	}
	return n
}

// New starts the engines and the store. No relay runs yet.
func New(t testing.TB) *Platform {
	t.Helper()
	ctx := context.Background()
	url := enginetest.Postgres(t)
	if err := eventstore.Migrate(ctx, url); err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open(ctx, eventstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	Go(t, store.Run)
	p := &Platform{URL: url, Store: store, Bus: bus.Config{Platform: "t" + strings.ToLower(rand.Text()[:12]), Brokers: enginetest.Kafka(t), Partitions: 4}}
	if err := p.Bus.Ensure(ctx, "test"); err != nil {
		t.Fatal(err)
	}
	return p
}

// Go runs a service until the test ends, or until the function returned is called.
func Go(t testing.TB, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil {
			t.Errorf("a service ended: %v", err)
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(Within):
			t.Errorf("a service did not stop within %v", Within)
		}
	})
	t.Cleanup(stop)
	return stop
}

// Relay returns a relay of the platform.
func (p *Platform) Relay(t testing.TB, log outbox.LogReader) *outbox.Relay {
	t.Helper()
	relay, err := outbox.New(outbox.Config{Bus: p.Bus, Log: log, Writer: p.Store.Writer(), Reader: p.Store.Reader(), PageSize: 20, Logger: Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

// Stream names a new stream of a tenant.
func Stream(tenant uuid.UUID) event.Stream {
	return event.Stream{Module: "test", Type: "Counter", Tenant: tenant, ID: uuid.New()}
}

// Append adds an event for each number to a stream that is at version from.
func (p *Platform) Append(t testing.TB, stream event.Stream, from int64, numbers ...int) {
	t.Helper()
	for i, n := range numbers {
		_, err := p.Store.Append(context.Background(), eventstore.Append{
			Stream: stream, Expected: from + int64(i), Events: []event.Data{Counted{N: n}},
			Metadata: event.Metadata{User: "tester", Correlation: uuid.New(), Causation: uuid.New()},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Eventually polls until a condition holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	enginetest.Eventually(t, Within, what, holds)
}
