package consume

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/twmb/franz-go/pkg/kgo"
)

// worker applies one partition, batch after batch, while this process owns it.
type worker struct {
	consumer  *Consumer
	config    Config
	client    *kgo.Client
	partition int32
	log       *slog.Logger
	queue     *queue
	cancel    context.CancelFunc
	done      chan struct{}

	// Only the worker's goroutine touches these.
	behind     bool // Kafka may not hold all that follows the checkpoint
	stale      bool // the checkpoint must be claimed before going on
	checkpoint eventstore.Checkpoint

	mu     sync.Mutex
	status PartitionStatus
	offset int64 // of the next record to apply
	meter  meter
}

func newWorker(c *Consumer, client *kgo.Client, partition int32) *worker {
	topic := map[string][]int32{c.config.Bus.LogTopic(): {partition}}
	return &worker{
		consumer: c, config: c.config, client: client, partition: partition,
		log:   c.config.Logger.With("partition", partition),
		queue: newQueue(c.config.BatchSize, func() { client.PauseFetchPartitions(topic) }, func() { client.ResumeFetchPartitions(topic) }),
		done:  make(chan struct{}),
		// A broker that crashed may have lost the end of its log and filled the same
		// offsets again: no offset proves that Kafka holds what follows the checkpoint.
		behind: true, stale: true,
	}
}

func (w *worker) start(ctx context.Context) {
	ctx, w.cancel = context.WithCancel(ctx)
	go func() {
		defer close(w.done)
		w.run(ctx)
	}()
}

func (w *worker) run(ctx context.Context) {
	defer w.cancel()
	if !w.insist(ctx, w.restore) {
		return
	}
	for {
		records := w.queue.take(ctx, w.config.BatchSize, w.config.Linger)
		if records == nil {
			return
		}
		if !w.insist(ctx, func(ctx context.Context) error { return w.apply(ctx, records) }) {
			return
		}
		w.commit(ctx, records[len(records)-1])
	}
}

// insist repeats a step with growing pauses until it succeeds. It reports false
// when the context ended first.
func (w *worker) insist(ctx context.Context, step func(context.Context) error) bool {
	for wait := retryFirst; ctx.Err() == nil; wait = min(2*wait, retryMax) {
		err := step(ctx)
		if err != nil && ctx.Err() != nil {
			return false
		}
		w.failed(ctx, err)
		if err == nil {
			return true
		}
		w.stale = true
		w.log.Warn("a batch of the log was not applied, it is tried again", "error", err, "after", wait)
		if !sleep(ctx, wait/2+rand.N(wait/2)) {
			return false
		}
	}
	return false
}

// restore claims the checkpoint, and from PostgreSQL what Kafka may not hold. A
// checkpoint that went back, as a rebuild sets it, is such a case too.
func (w *worker) restore(ctx context.Context) error {
	checkpoint, err := w.config.Store.ClaimCheckpoint(ctx, w.config.Name, w.partition)
	if err != nil {
		return err
	}
	w.behind = w.behind || w.checkpoint.Position.After(checkpoint.Position)
	w.checkpoint = checkpoint
	if w.behind {
		if err := w.catchUp(ctx); err != nil {
			return err
		}
	}
	w.behind, w.stale = false, false
	w.handled(nil, w.checkpoint.Position)
	return nil
}

// catchUp applies the log in PostgreSQL from the checkpoint to its head.
func (w *worker) catchUp(ctx context.Context) error {
	var mine []event.Recorded
	for at := w.checkpoint.Position; ; {
		page, err := w.config.Store.ReadLog(ctx, at, w.config.BatchSize)
		if err != nil {
			return err
		}
		for _, e := range page {
			if w.config.Bus.PartitionOf(e.Stream.Tenant) == w.partition {
				mine = append(mine, e)
			}
		}
		atHead := len(page) == 0
		if !atHead {
			at = page[len(page)-1].Position
		}
		if atHead || len(mine) >= w.config.BatchSize {
			if err := w.handle(ctx, mine, at); err != nil || atHead {
				return err
			}
			mine = nil
		}
	}
}

// apply hands the records' events to the handler.
func (w *worker) apply(ctx context.Context, records []*kgo.Record) error {
	if w.stale {
		if err := w.restore(ctx); err != nil {
			return err
		}
	}
	events, err := decode(records, w.checkpoint.Position)
	if errors.Is(err, errGap) {
		// All that the relay published, these records too, is in PostgreSQL.
		w.behind = true
		err = w.restore(ctx)
	}
	if err != nil {
		return err
	}
	if len(events) > 0 {
		if err := w.handle(ctx, events, events[len(events)-1].Position); err != nil {
			return err
		}
	}
	w.applied(records[len(records)-1].Offset + 1)
	return nil
}

// handle applies events and moves the checkpoint to a position at or after the last.
func (w *worker) handle(ctx context.Context, events []event.Recorded, to event.Position) error {
	if !to.After(w.checkpoint.Position) {
		return nil
	}
	if !w.config.Pauses.Pass(ctx, w.config.Name) {
		return ctx.Err()
	}
	next := w.checkpoint
	next.Position, next.Count, next.LastError = to, next.Count+int64(len(events)), ""
	b := &Batch{Partition: w.partition, Events: events, From: w.checkpoint.Position, To: to}
	b.save = func(ctx context.Context, where eventstore.DB) error {
		return w.config.Store.SaveCheckpoint(ctx, where, next)
	}
	// Also with no events: a handler that is being rebuilt lets no checkpoint move.
	if err := w.config.Handler.Handle(ctx, b); err != nil {
		return err
	}
	if !b.saved {
		if err := b.save(ctx, w.config.Store.Writer()); err != nil {
			return err
		}
	}
	w.checkpoint = next
	w.handled(events, to)
	if w.config.OnAdvance != nil {
		w.config.OnAdvance(w.partition, to)
	}
	return nil
}
