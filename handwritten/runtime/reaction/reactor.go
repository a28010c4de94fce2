package reaction

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

const (
	defaultAttempts    = 8
	defaultBackoff     = 100 * time.Millisecond
	defaultConcurrency = 8

	maxBackoff = 5 * time.Second
	noLinger   = -1
)

// Config describes how one reaction is run.
type Config struct {
	Definition Definition
	Bus        bus.Config
	Store      *eventstore.Store
	// Attempts is how often an event is tried before it is parked; 0 means 8.
	Attempts int
	// Backoff is the pause after the first attempt; it doubles up to 5 s, with
	// jitter. 0 means 100 ms.
	Backoff time.Duration
	// Concurrency bounds the streams worked on at a time; 0 means 8.
	Concurrency int
	// Pauses, if set, holds the reaction back while operators want it.
	Pauses *consume.Pauses
	Logger *slog.Logger
	// Metrics counts the reactions, Consumers what the log's reading is counted in.
	Metrics   *Metrics
	Consumers *consume.Metrics
	Clock     func() time.Time
}

// Reactor runs one reaction.
type Reactor struct {
	config  Config
	letters letters
	source  source
}

// source feeds a reactor: the platform's log or a foreign topic.
type source interface {
	Run(context.Context) error
	Status() consume.Status
}

// New returns a reactor that does nothing until it is run.
func New(config Config) *Reactor {
	config.Attempts = cmp.Or(config.Attempts, defaultAttempts)
	config.Backoff = cmp.Or(config.Backoff, defaultBackoff)
	config.Concurrency = cmp.Or(config.Concurrency, defaultConcurrency)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	config.Logger = config.Logger.With("reaction", config.Definition.Name)
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Metrics == nil {
		config.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	r := &Reactor{config: config, letters: letters{store: config.Store, clock: config.Clock, consumer: config.Definition.Name}}
	if config.Definition.Topic != "" {
		r.source = newTopic(r)
		return r
	}
	r.source = consume.New(consume.Config{
		Name: config.Definition.Name, Bus: config.Bus, Store: config.Store, Handler: consume.HandlerFunc(r.handle),
		Linger: noLinger, Pauses: config.Pauses, Metrics: config.Consumers, Logger: config.Logger, Clock: config.Clock,
	})
	return r
}

// Run reacts until the context ends, and then returns nil.
func (r *Reactor) Run(ctx context.Context) error { return r.source.Run(ctx) }

// Status is how far the reaction has come in this process.
func (r *Reactor) Status() consume.Status { return r.source.Status() }

func (r *Reactor) handle(ctx context.Context, b *consume.Batch) error {
	work := make([]delivery, 0, len(b.Events))
	for _, e := range b.Events {
		if r.config.Definition.wants(e) {
			work = append(work, delivery{event: e, record: r.config.Bus.LogRecord(e), at: e.Position})
		}
	}
	return r.react(ctx, work)
}

// delivery is an event with the record it came in, for the dead letters, and
// its place among the letters of its stream.
type delivery struct {
	event  event.Recorded
	record *kgo.Record
	at     event.Position
}

type streamKey struct{ tenant, id uuid.UUID }

func (d delivery) stream() streamKey { return streamKey{d.event.Stream.Tenant, d.event.Stream.ID} }

// react handles or parks each delivery: one after the other within a stream,
// streams side by side.
func (r *Reactor) react(ctx context.Context, work []delivery) error {
	if len(work) == 0 {
		return nil
	}
	letters, err := r.letters.standing(ctx, work)
	if err != nil {
		return err
	}
	streams := map[streamKey][]delivery{}
	for _, d := range work {
		if !letters.discarded[d.event.ID] { // an operator gave it up, and it comes again
			streams[d.stream()] = append(streams[d.stream()], d)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.config.Concurrency)
	for key, deliveries := range streams {
		group.Go(func() error { return r.reactInOrder(ctx, deliveries, letters.parked[key]) })
	}
	return group.Wait()
}

func (r *Reactor) reactInOrder(ctx context.Context, deliveries []delivery, parked bool) error {
	for _, d := range deliveries {
		if parked {
			var err error
			if parked, err = r.letters.parkBehind(ctx, d); err != nil {
				return err
			}
			if parked {
				r.config.Metrics.parked.WithLabelValues(r.config.Definition.Name).Inc()
				continue
			}
		}
		attempts, failure := r.try(ctx, d.event)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failure == nil {
			r.config.Metrics.handled.WithLabelValues(r.config.Definition.Name).Inc()
			continue
		}
		if err := r.park(ctx, d, failure, attempts); err != nil {
			return err
		}
		r.config.Logger.Error("an event is parked, and its stream with it: mend the cause, then replay the dead letter",
			"error", failure, "event", d.event.ID, "type", d.event.Type, "stream", d.event.Stream.ID, "tenant", d.event.Stream.Tenant,
			"trace", d.event.Metadata.TraceID())
		parked = true
	}
	return nil
}

func (r *Reactor) park(ctx context.Context, d delivery, failure error, attempts int) error {
	err := r.letters.park(ctx, d, failure, attempts)
	if err == nil {
		r.config.Metrics.parked.WithLabelValues(r.config.Definition.Name).Inc()
	}
	return err
}

// try handles the event, again with growing pauses while it fails.
func (r *Reactor) try(ctx context.Context, e event.Recorded) (attempt int, err error) {
	wait := r.config.Backoff
	for attempt = 1; ; attempt++ {
		err := call(ctx, r.config.Definition, e)
		if err == nil || attempt == r.config.Attempts || invalid(err) || ctx.Err() != nil {
			return attempt, err
		}
		r.config.Metrics.retries.WithLabelValues(r.config.Definition.Name).Inc()
		r.config.Logger.Warn("a reaction failed, it is tried again", "error", err, "attempt", attempt, "event", e.ID, "tenant", e.Stream.Tenant, "trace", e.Metadata.TraceID())
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return attempt, ctx.Err()
		}
		wait = min(2*wait, maxBackoff)
	}
}

// invalid reports whether a command cannot be made of what the event says, now or
// later. Any other refusal may end: what the event speaks of may yet come, by
// another event that this one has overtaken.
func invalid(err error) bool {
	refused, ok := errors.AsType[*problem.Error](err)
	return ok && refused.Status == http.StatusBadRequest
}

// call runs the handler; a panic of its is an error of that event alone.
func call(ctx context.Context, d Definition, e event.Recorded) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reaction %s panicked on event %s: %v\n%s", d.Name, e.ID, p, debug.Stack())
		}
	}()
	return d.Handle(ctx, e)
}

// code is what dead letters are grouped by.
func code(err error) string {
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return p.Code
	}
	return "REACTION_FAILED"
}
