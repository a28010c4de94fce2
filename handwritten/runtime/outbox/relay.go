// Package outbox carries the log from PostgreSQL to Kafka. The event table is
// the outbox: nothing is copied in the write transaction, nothing is updated or
// deleted afterwards; a durable cursor says how far the log was published.
//
// Each page of the log is one Kafka transaction. A page that fails leaves
// nothing behind for read-committed consumers, so in every partition the first
// appearance of each event is in log order, whatever was retried. After the
// commit the cursor moves. A crash in between publishes the page again, whole
// and in order, and consumers drop what is at or before their checkpoint.
package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

const (
	defaultPageSize     = 1000
	defaultPollInterval = 250 * time.Millisecond

	// A relay that dies is replaced within leaseTTL plus electInterval.
	leaseTTL      = 4 * time.Second
	heartbeat     = time.Second
	electInterval = 500 * time.Millisecond

	retryFirst = 100 * time.Millisecond
	retryMax   = 10 * time.Second
)

// LogReader reads the log in PostgreSQL.
type LogReader interface {
	// ReadLog returns the first events after a position, in log order, whole
	// transactions only; none at the head of the log.
	ReadLog(ctx context.Context, after event.Position, limit int) ([]event.Recorded, error)
}

// Config describes the relay of one platform. All its processes may run one:
// they elect the one that works.
type Config struct {
	Bus bus.Config
	Log LogReader
	// Writer may write oksai.relays; Reader sees every tenant's events.
	Writer, Reader *pgxpool.Pool
	// Holder is a name that this relay has again after a restart, so that it takes
	// its own lease back at once instead of waiting for it to expire. No other
	// relay that may run at the same time can have it. Empty: a new name each time.
	Holder string
	// PageSize is the number of events of one Kafka transaction, about; 0 means 1000.
	PageSize int
	// PollInterval bounds the delay when a wake-up got lost; 0 means 250 ms.
	PollInterval time.Duration
	Logger       *slog.Logger
	// Metrics, if set, gets the relay's metrics.
	Metrics prometheus.Registerer
}

// Relay publishes the log.
type Relay struct {
	config  Config
	metrics *metrics
	wake    chan struct{} // has one element when something was committed
	leading atomic.Bool
}

// New returns a relay that does nothing until it is run.
func New(config Config) (*Relay, error) {
	config.PageSize = cmp.Or(config.PageSize, defaultPageSize)
	config.PollInterval = cmp.Or(config.PollInterval, defaultPollInterval)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	metrics, err := newMetrics(config.Metrics)
	if err != nil {
		return nil, err
	}
	config.Holder = cmp.Or(config.Holder, uuid.NewString())
	return &Relay{config: config, metrics: metrics, wake: make(chan struct{}, 1)}, nil
}

// Wake says that events were committed. Call it after each commit; it never
// waits. Another process's relay hears of it through PostgreSQL.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Leading reports whether this process's relay is the one that works.
func (r *Relay) Leading() bool { return r.leading.Load() }

// Run publishes the log while this relay is the elected one, and stands by
// while it is not. It returns nil when the context ends; losing PostgreSQL or
// Kafka does not end it.
func (r *Relay) Run(ctx context.Context) error {
	wait := retryFirst
	for ctx.Err() == nil {
		lease, err := r.acquire(ctx)
		switch {
		case errors.Is(err, errHeld):
			err = r.standBy(ctx)
			wait = retryFirst
		case err == nil:
			began := time.Now()
			if err = r.lead(ctx, lease); time.Since(began) > retryMax {
				wait = retryFirst
			}
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		r.metrics.failures.Inc()
		r.config.Logger.Warn("publishing the log stopped, it is tried again", "error", err, "after", wait)
		sleep(ctx, wait)
		wait = min(2*wait, retryMax)
	}
	return nil
}

// lead publishes until the context ends, something fails, or the lease is lost.
func (r *Relay) lead(ctx context.Context, lease *lease) error {
	r.config.Logger.Info("this relay publishes the log now", "fence", lease.fence, "position", lease.cursor)
	r.leading.Store(true)
	r.metrics.leading.Set(1)
	defer r.metrics.leading.Set(0)
	defer r.leading.Store(false)
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return lease.keep(working) })
	group.Go(func() error { return r.listen(working) })
	group.Go(func() error { return r.pump(working, lease) })
	err := group.Wait()
	if ctx.Err() != nil {
		err = nil
	}
	lease.release(context.WithoutCancel(ctx), err)
	return err
}

// pump publishes page after page.
func (r *Relay) pump(ctx context.Context, lease *lease) error {
	publisher, err := newPublisher(r.config.Bus)
	if err != nil {
		return err
	}
	defer publisher.close()
	for cursor := lease.cursor; ; {
		page, err := r.config.Log.ReadLog(ctx, cursor, r.config.PageSize)
		if err != nil {
			return fmt.Errorf("read the log after %v: %w", cursor, err)
		}
		if len(page) == 0 {
			r.metrics.lag.Set(0)
			if err := r.awaitCommit(ctx); err != nil {
				return err
			}
			continue
		}
		r.metrics.lag.Set(time.Since(page[0].At).Seconds())
		if err := publisher.publish(ctx, page); err != nil {
			return err
		}
		next := page[len(page)-1].Position
		if err := lease.advance(ctx, cursor, next, len(page)); err != nil {
			return err
		}
		r.metrics.published.Add(float64(len(page)))
		cursor = next
	}
}

// awaitCommit waits for a wake-up, not longer than the poll interval.
func (r *Relay) awaitCommit(ctx context.Context) error {
	timer := time.NewTimer(r.config.PollInterval)
	defer timer.Stop()
	select {
	case <-r.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
