package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// All partitions of all read models together must fit into a small process.
	defaultCacheRows    = 2_000
	defaultRebuildBatch = 50_000

	codeUnknownTable = 60
)

// LogReader reads the log in PostgreSQL; *eventstore.Store is one.
type LogReader interface {
	// ReadLog returns the first events after a position, in log order, whole
	// transactions only; none at the head of the log.
	ReadLog(ctx context.Context, after event.Position, limit int) ([]event.Recorded, error)
}

// Config is what projections run with. ClickHouse, Log and Store are required.
type Config struct {
	ClickHouse driver.Conn
	Log        LogReader
	Store      *Store
	// Partitions is the partition count of the platform's log topic.
	Partitions int32
	Logger     *slog.Logger
	Metrics    *Metrics
	Clock      func() time.Time
	// CacheRows bounds the rows kept in memory for each partition; 0 means 2000.
	CacheRows int
	// RebuildBatch is how many events a rebuild folds at once; 0 means 50 000.
	RebuildBatch int
}

func (c Config) withDefaults() Config {
	c.CacheRows = cmp.Or(c.CacheRows, defaultCacheRows)
	c.RebuildBatch = cmp.Or(c.RebuildBatch, defaultRebuildBatch)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}

// Runner keeps one read model in ClickHouse. It is the handler of the consumer
// named Consumer; what is paused, resumed and watched is that consumer.
type Runner struct {
	Config
	model  Model
	table  Table
	writer func(*parking) writer
	lanes  lanes
}

// NewRunner returns the runner of a read model.
func NewRunner(m Model, c Config) *Runner {
	c = c.withDefaults()
	t := m.Described()
	c.Logger = c.Logger.With("projection", t.Projection())
	r := &Runner{Config: c, model: m, table: t}
	r.writer = m.writers(target{db: c.ClickHouse, table: t.SQLName(), cacheRows: c.CacheRows, letters: r.park})
	return r
}

// Consumer is the consumer's name, with the version of the definition.
func (r *Runner) Consumer() string { return r.table.Consumer() }

// Run builds the read model if it is not there, then consumes until the context
// ends. While an engine is down it waits and tries again.
func (r *Runner) Run(ctx context.Context, consume func(context.Context) error) error {
	if !r.insist(ctx, r.Consumer(), r.Ensure) {
		return nil
	}
	return consume(ctx)
}

// Handle folds a batch and returns once its rows are stored; the checkpoint
// comes after. An error means that the same events must come again.
func (r *Runner) Handle(ctx context.Context, b *consume.Batch) error {
	started := r.Clock()
	rows, err := r.handle(ctx, b)
	r.Metrics.batch(r.table.Projection(), len(b.Events), rows, r.Clock().Sub(started), err)
	if err != nil {
		r.lanes.drop(b.Partition)
		err = fmt.Errorf("project partition %d into %s: %w", b.Partition, r.table.Projection(), err)
	}
	if errors.Is(err, errNotBuilt) || unknownTable(err) {
		// A rebuild is at work or did not end, or ClickHouse has lost its data.
		return errors.Join(err, r.Ensure(ctx))
	}
	return err
}

func (r *Runner) handle(ctx context.Context, b *consume.Batch) (rows int, err error) {
	l, err := r.lanes.at(ctx, b, r.Store, r.Consumer(), r.writer)
	if err != nil {
		return 0, err
	}
	if rows, err = l.writer.write(ctx, b.Events); err != nil {
		return 0, err
	}
	l.position = b.To
	return rows, nil
}

// park tells of letters and keeps them.
func (r *Runner) park(ctx context.Context, letters []Letter) error {
	r.tell(r.table, letters)
	return r.Store.park(ctx, r.Consumer(), letters)
}

// tell lets operators know of streams that are left out.
func (c Config) tell(t Table, letters []Letter) {
	c.Metrics.parked.WithLabelValues(t.Projection()).Add(float64(len(letters)))
	for _, l := range letters {
		c.Logger.Error("a stream is parked: mend the projection, then rebuild it",
			"error", l.Err, "event", l.Event.ID, "type", l.Event.Type, "stream", l.Event.Stream.ID, "tenant", l.Event.Stream.Tenant)
	}
}

func unknownTable(err error) bool {
	exception, ok := errors.AsType[*proto.Exception](err)
	return ok && exception.Code == codeUnknownTable
}
