package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// deliverWithin bounds how long a page waits for Kafka before it is given
	// up and tried anew; commitWithin bounds the end of its transaction.
	deliverWithin = 20 * time.Second
	commitWithin  = 20 * time.Second
	abortWithin   = 3 * time.Second
)

// publisher writes pages of the log to Kafka. All relays of a platform share
// one transactional id, so that Kafka itself refuses a relay that was replaced.
type publisher struct {
	bus    bus.Config
	client *kgo.Client
	last   map[int32]event.Position // of each partition of the log, once this publisher wrote there
}

func newPublisher(config bus.Config) (*publisher, error) {
	client, err := config.Client(
		kgo.TransactionalID(config.Platform+"-relay"),
		kgo.TransactionTimeout(deliverWithin+commitWithin),
		kgo.ProducerLinger(0),
	)
	if err != nil {
		return nil, fmt.Errorf("open a Kafka producer: %w", err)
	}
	return &publisher{bus: config, client: client, last: map[int32]event.Position{}}, nil
}

func (p *publisher) close() { p.client.Close() }

// publish writes a page as one transaction, in log order. After an error the
// publisher must be closed: what Kafka got of the page is unknown, and only a
// new producer may go on.
func (p *publisher) publish(ctx context.Context, page []event.Recorded) error {
	if err := p.client.BeginTransaction(); err != nil {
		return fmt.Errorf("begin a Kafka transaction: %w", err)
	}
	if err := p.produce(ctx, page); err != nil {
		p.abort(ctx)
		return fmt.Errorf("publish %d events from %v: %w", len(page), page[0].Position, err)
	}
	committing, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWithin)
	defer cancel()
	if err := p.client.EndTransaction(committing, kgo.TryCommit); err != nil {
		p.abort(ctx)
		return fmt.Errorf("commit %d events from %v to Kafka: %w", len(page), page[0].Position, err)
	}
	return nil
}

// produce returns when Kafka has the page, or the time is up. The client does
// not give up records that may have arrived, so it is not waited for: closing it
// ends the goroutine.
func (p *publisher) produce(ctx context.Context, page []event.Recorded) error {
	ctx, cancel := context.WithTimeout(ctx, deliverWithin)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- p.client.ProduceSync(ctx, p.records(page)...).FirstErr() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// abort tells Kafka at once that the page is given up, so that consumers need
// not wait for the transaction to time out. The error that led here counts.
func (p *publisher) abort(ctx context.Context) {
	aborting, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortWithin)
	defer cancel()
	if p.client.AbortBufferedRecords(aborting) == nil {
		_ = p.client.EndTransaction(aborting, kgo.TryAbort)
	}
}

func (p *publisher) records(page []event.Recorded) []*kgo.Record {
	records := make([]*kgo.Record, 0, 2*len(page))
	for _, e := range page {
		records = append(records, p.logRecord(e))
		if e.Published {
			records = append(records, p.bus.PublicRecord(e))
		}
	}
	return records
}

func (p *publisher) logRecord(e event.Recorded) *kgo.Record {
	record, partition := p.bus.LogRecord(e), p.bus.PartitionOf(e.Stream.Tenant)
	if previous, known := p.last[partition]; known {
		bus.Follow(record, previous)
	}
	p.last[partition] = e.Position
	return record
}
