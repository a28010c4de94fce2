package reaction

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	topicBatch      = 500
	topicRetryFirst = 100 * time.Millisecond
	topicRetryMax   = 10 * time.Second
)

// topic feeds a reactor from a topic that others write. There is no log to fall
// back on, so Kafka's committed offset is the checkpoint; the inbox makes
// redelivery harmless.
type topic struct {
	reactor *Reactor
	err     atomic.Pointer[error]
}

func newTopic(r *Reactor) *topic { return &topic{reactor: r} }

func (t *topic) name() string { return t.reactor.config.Definition.Topic }

// Run implements source.
func (t *topic) Run(ctx context.Context) error {
	for wait := topicRetryFirst; ; wait = min(2*wait, topicRetryMax) {
		err := t.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		t.err.Store(&err)
		t.reactor.config.Logger.Warn("consuming a topic stopped, it is tried again", "topic", t.name(), "error", err, "after", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// Status implements source.
func (t *topic) Status() consume.Status {
	name := t.reactor.config.Definition.Name
	status := consume.Status{Name: name, Paused: t.reactor.config.Pauses.Paused(name)}
	if err := t.err.Load(); err != nil {
		status.Err = (*err).Error()
	}
	return status
}

func (t *topic) session(ctx context.Context) error {
	client, err := t.reactor.config.Bus.Client(append(bus.Group(t.reactor.config.Definition.Name),
		kgo.ConsumeTopics(t.name()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(250*time.Millisecond),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(), // the next owner must find what is handled here committed
	)...)
	if err != nil {
		return fmt.Errorf("open a Kafka client: %w", err)
	}
	defer client.CloseAllowingRebalance()
	for t.reactor.config.Pauses.Pass(ctx, t.reactor.config.Definition.Name) {
		fetches := client.PollRecords(ctx, topicBatch)
		if ctx.Err() != nil {
			return nil
		}
		if err := t.apply(ctx, client, fetches); err != nil {
			return err
		}
		t.err.Store(nil)
		client.AllowRebalance()
	}
	return nil
}

func (t *topic) apply(ctx context.Context, client *kgo.Client, fetches kgo.Fetches) error {
	var failed error
	fetches.EachError(func(_ string, _ int32, err error) { failed = errors.Join(failed, err) })
	if failed != nil {
		return fmt.Errorf("fetch from topic %s: %w", t.name(), failed)
	}
	var work []delivery
	for _, record := range fetches.Records() {
		d, err := t.delivery(record)
		switch {
		case err != nil:
			if err := t.reactor.park(ctx, d, err, 1); err != nil {
				return err
			}
		case t.reactor.config.Definition.wants(d.event):
			work = append(work, d)
		}
	}
	if err := t.reactor.react(ctx, work); err != nil {
		return err
	}
	if err := client.CommitRecords(ctx, fetches.Records()...); err != nil {
		return fmt.Errorf("commit the offsets of topic %s: %w", t.name(), err)
	}
	return nil
}

// delivery reads a record. One that cannot be read is parked under an id of its
// own, as a stream of its own: it must hold up nothing.
func (t *topic) delivery(record *kgo.Record) (delivery, error) {
	d := delivery{record: record, at: event.Position{Seq: record.Offset}}
	var err error
	if d.event, err = Foreign(record); err != nil {
		id := uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s/%d/%d", record.Topic, record.Partition, record.Offset))
		d.event = event.Recorded{ID: id, Stream: event.Stream{ID: id}}
	}
	return d, err
}
