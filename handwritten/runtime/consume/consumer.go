// Package consume reads the platform's log from Kafka: one consumer group per
// consumer, one batch at a time per partition, and a checkpoint in PostgreSQL
// that decides what was applied. Kafka's committed offset is only a hint where
// to start: whatever is redelivered at or before the checkpoint is dropped, and
// what follows the checkpoint when a partition is taken over is read from the log
// in PostgreSQL, because Kafka may have lost it.
package consume

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	defaultBatchSize = 1000
	defaultLinger    = 200 * time.Millisecond

	retryFirst = 100 * time.Millisecond
	retryMax   = 10 * time.Second
)

// Store keeps the log and how far each consumer has come in it. It is
// *eventstore.Store.
type Store interface {
	// ClaimCheckpoint makes the caller the owner of a partition: saves by
	// earlier owners fail from then on.
	ClaimCheckpoint(ctx context.Context, consumer string, partition int32) (eventstore.Checkpoint, error)
	// SaveCheckpoint stores the checkpoint of the partition's owner.
	SaveCheckpoint(ctx context.Context, where eventstore.DB, c eventstore.Checkpoint) error
	// ReadLog returns the first events after a position, in log order, whole
	// transactions only; none at the head of the log.
	ReadLog(ctx context.Context, after event.Position, limit int) ([]event.Recorded, error)
	// Writer is where checkpoints are saved that no transaction of a handler's carries.
	Writer() *pgxpool.Pool
}

// Config describes one consumer of the log.
type Config struct {
	// Name is the consumer group and the consumer's name in its checkpoints.
	Name string
	Bus  bus.Config
	// Handler gets the events.
	Handler Handler
	// Store has the checkpoints. Its log is read where Kafka does not hold what
	// follows the checkpoint.
	Store Store
	// BatchSize bounds the events of a batch; 0 means 1000.
	BatchSize int
	// Linger is how long a batch waits for more events; 0 means 200 ms, a
	// negative value means not at all.
	Linger time.Duration
	// OnAdvance, if set, hears of each checkpoint that became durable.
	OnAdvance func(partition int32, p event.Position)
	// Pauses, if set, holds the consumer back while operators want it.
	Pauses  *Pauses
	Logger  *slog.Logger
	Metrics *Metrics
	Clock   func() time.Time
}

// Handler applies events. It is called for one batch at a time per partition;
// partitions run concurrently. After an error the same events come again.
type Handler interface {
	Handle(ctx context.Context, b *Batch) error
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, b *Batch) error

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, b *Batch) error { return f(ctx, b) }

// Batch is consecutive events of one partition in log order, of every type,
// all after the consumer's checkpoint. It may be empty: then only the checkpoint
// is to move, over events of other partitions.
type Batch struct {
	Partition int32
	Events    []event.Recorded
	// From and To are the checkpoint before and after the batch.
	From, To event.Position

	save  func(context.Context, eventstore.DB) error
	saved bool
}

// Save moves the checkpoint in the handler's own transaction, so that effect
// and checkpoint commit together. When it fails, the handler must roll back and
// return the error: another process may own the partition by now. For a handler
// that does not call it, the checkpoint is saved after Handle returned nil.
func (b *Batch) Save(ctx context.Context, tx pgx.Tx) error {
	if err := b.save(ctx, tx); err != nil {
		return err
	}
	b.saved = true
	return nil
}

// Consumer applies the log to a handler.
type Consumer struct {
	config Config

	mu      sync.Mutex
	workers map[int32]*worker
	err     error // of the session: Kafka could not be reached, or what it sent not read
}

// New returns a consumer that does nothing until it is run.
func New(config Config) *Consumer {
	config.BatchSize = cmp.Or(config.BatchSize, defaultBatchSize)
	config.Linger = cmp.Or(config.Linger, defaultLinger)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	config.Logger = config.Logger.With("consumer", config.Name)
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Metrics == nil {
		config.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	c := &Consumer{config: config, workers: map[int32]*worker{}}
	config.Metrics.watch(c)
	return c
}

// Run consumes until the context ends, and then returns nil. Losing Kafka or
// PostgreSQL does not end it: it tries again.
func (c *Consumer) Run(ctx context.Context) error {
	for wait := retryFirst; ; wait = min(2*wait, retryMax) {
		started := time.Now()
		err := c.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(started) > retryMax {
			wait = retryFirst
		}
		c.setErr(err)
		c.config.Logger.Warn("consuming the log stopped, it is tried again", "error", err, "after", wait)
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// Status is what an operator sees of a consumer in this process.
type Status struct {
	Name   string
	Paused bool
	// Err tells why the log cannot be consumed at all; empty while it is.
	Err string
	// Partitions are those this process owns, by number.
	Partitions []PartitionStatus
}

// PartitionStatus is how far a consumer has come in one partition.
type PartitionStatus struct {
	Partition int32
	Position  event.Position
	// Lag is the number of records in Kafka that are not applied yet.
	Lag int64
	// Handled is the number of events applied since the partition was assigned.
	Handled int64
	// Rate is events per second of the latest batches.
	Rate float64
	// LastAt is when the latest applied event was recorded.
	LastAt time.Time
	// Err is what the partition is being retried for; empty when it goes well.
	Err string
}

// Status reports on the partitions this process owns.
func (c *Consumer) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	status := Status{Name: c.config.Name, Paused: c.config.Pauses.Paused(c.config.Name)}
	if c.err != nil {
		status.Err = c.err.Error()
	}
	for _, w := range c.workers {
		status.Partitions = append(status.Partitions, w.report())
	}
	slices.SortFunc(status.Partitions, func(a, b PartitionStatus) int { return cmp.Compare(a.Partition, b.Partition) })
	return status
}

func (c *Consumer) setErr(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// sleep reports whether the time passed before the context ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
