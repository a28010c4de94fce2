package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	defaultCacheRows    = 50_000
	defaultRebuildBatch = 50_000

	retryFirst = 250 * time.Millisecond
	retryMax   = 15 * time.Second

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
	// CacheRows bounds the rows kept in memory for each partition; 0 means 50 000.
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
	model Model
	table Table

	mu    sync.Mutex
	lanes map[int32]*lane
}

// lane is a partition's writer and the checkpoint its memory belongs to.
type lane struct {
	writer writer
	parked *parking
	at     event.Position
}

// NewRunner returns the runner of a read model.
func NewRunner(m Model, c Config) *Runner {
	c = c.withDefaults()
	t := m.Described()
	c.Logger = c.Logger.With("projection", t.Projection())
	return &Runner{Config: c, model: m, table: t, lanes: map[int32]*lane{}}
}

// Consumer is the consumer's name, with the version of the definition.
func (r *Runner) Consumer() string { return r.table.Consumer() }

// Run builds the read model if it is not there, then consumes until the context
// ends. While an engine is down it waits and tries again.
func (r *Runner) Run(ctx context.Context, consume func(context.Context) error) error {
	for wait := retryFirst; ; wait = min(2*wait, retryMax) {
		err := r.Ensure(ctx)
		if err == nil {
			return consume(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		r.Logger.Warn("the read model cannot be built yet, it is tried again", "error", err, "after", wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// Handle folds a batch and returns once its rows are stored; the checkpoint
// comes after. An error means that the same events must come again.
func (r *Runner) Handle(ctx context.Context, b *consume.Batch) error {
	started := r.Clock()
	rows, err := r.handle(ctx, b)
	r.Metrics.batch(r.table.Projection(), len(b.Events), rows, r.Clock().Sub(started), err)
	if err != nil {
		r.drop(b.Partition)
		err = fmt.Errorf("project partition %d into %s: %w", b.Partition, r.table.Projection(), err)
	}
	if errors.Is(err, errNotBuilt) || unknownTable(err) {
		// A rebuild is at work or did not end, or ClickHouse has lost its data.
		return errors.Join(err, r.Ensure(ctx))
	}
	return err
}

func (r *Runner) handle(ctx context.Context, b *consume.Batch) (rows int, err error) {
	l, err := r.lane(ctx, b)
	if err != nil {
		return 0, err
	}
	if rows, err = l.writer.write(ctx, b.Events); err != nil {
		return 0, err
	}
	l.at = b.To
	return rows, nil
}

// lane finds the partition's writer. What it remembers is good only if the
// checkpoint is where it left it: otherwise another process, or a rebuild, has
// written rows meanwhile, and folding onto remembered ones would lose theirs.
func (r *Runner) lane(ctx context.Context, b *consume.Batch) (*lane, error) {
	r.mu.Lock()
	l := r.lanes[b.Partition]
	r.mu.Unlock()
	if l != nil && l.at == b.From {
		return l, nil
	}
	built, err := r.Store.built(ctx, r.Consumer())
	if err != nil {
		return nil, err
	}
	if !built {
		return nil, errNotBuilt
	}
	since, err := r.Store.parked(ctx, r.Consumer())
	if err != nil {
		return nil, err
	}
	l = &lane{parked: newParking(since)}
	l.writer = r.model.writer(target{
		db: r.ClickHouse, table: r.table.SQLName(), parked: l.parked, letters: r.park, cacheRows: r.CacheRows,
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lanes[b.Partition] = l
	return l, nil
}

func (r *Runner) park(ctx context.Context, letters []Letter) error {
	r.Metrics.parked.WithLabelValues(r.table.Projection()).Add(float64(len(letters)))
	for _, l := range letters {
		r.Logger.Error("a stream is parked: mend the projection, then rebuild it",
			"error", l.Err, "event", l.Event.ID, "type", l.Event.Type, "stream", l.Event.Stream.ID, "tenant", l.Event.Stream.Tenant)
	}
	return r.Store.park(ctx, r.Consumer(), letters)
}

func (r *Runner) drop(partition int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lanes, partition)
}

func (r *Runner) dropAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.lanes)
}

var errNotBuilt = errors.New("the read model is not built yet")

func unknownTable(err error) bool {
	exception, ok := errors.AsType[*proto.Exception](err)
	return ok && exception.Code == codeUnknownTable
}
