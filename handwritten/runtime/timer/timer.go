// Package timer wakes streams at the times they asked for: never early, and
// once in effect.
package timer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

const (
	defaultInterval    = time.Second
	defaultPage        = 100
	defaultConcurrency = 8
)

// Due is a timer whose time has come.
type Due = eventstore.DueTimer

// Definition handles the timers of one aggregate.
type Definition struct {
	// Module and Type name the aggregate, e.g. "job" and "Job".
	Module, Type string
	// Handle executes the timer's command, which must carry the timer's Key. It
	// may be called again for the same timer. After an error the timer comes
	// back when the store's timer lease has ended, except when a rule refused the
	// command: see final.
	Handle func(ctx context.Context, due Due) error
}

// Key claims a timer's firing. A command that carries it takes effect once; the
// same timer set to another time is another firing.
func Key(due Due) *eventstore.Key {
	return &eventstore.Key{Scope: "timer", Name: fmt.Sprintf("%s/%s/%s", due.Stream.ID, due.Name, due.Due.UTC().Format(time.RFC3339Nano))}
}

// Store hands out due timers, each to one caller for a while. It is *eventstore.Store.
type Store interface {
	// DueTimers hands out only timers of the modules given: another app's are its own affair.
	DueTimers(ctx context.Context, modules []string, now time.Time, limit int) ([]eventstore.DueTimer, error)
	// ClearTimer removes a timer unless it was set to another time since.
	ClearTimer(ctx context.Context, due eventstore.DueTimer) error
}

// Config describes the timers of one process. Several processes share the work.
type Config struct {
	Store       Store
	Definitions []Definition
	// Interval is the pause between looks at the timers, so how late they may
	// be; 0 means 1 s.
	Interval time.Duration
	// Ticks, if set, replaces the interval: a look at each tick.
	Ticks   <-chan time.Time
	Clock   func() time.Time
	Logger  *slog.Logger
	Metrics *Metrics
}

// Service fires due timers.
type Service struct {
	config   Config
	modules  []string
	handlers map[aggregate]func(context.Context, Due) error
}

type aggregate struct{ module, typ string }

// New returns a service that does nothing until it is run.
func New(config Config) *Service {
	config.Interval = cmp.Or(config.Interval, defaultInterval)
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Metrics == nil {
		config.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	s := &Service{config: config, handlers: map[aggregate]func(context.Context, Due) error{}}
	for _, d := range config.Definitions {
		s.handlers[aggregate{d.Module, d.Type}] = d.Handle
		s.modules = append(s.modules, d.Module)
	}
	return s
}

// Run fires timers until the context ends, and then returns nil.
func (s *Service) Run(ctx context.Context) error {
	ticks := s.config.Ticks
	if ticks == nil {
		ticker := time.NewTicker(s.config.Interval)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		if err := s.fireDue(ctx); err != nil && ctx.Err() == nil {
			s.config.Logger.Warn("looking for due timers failed, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
	}
}

// fireDue fires all timers that are due now, and those that this sets and are due
// too: a service that was away for weeks makes up for each day of them.
func (s *Service) fireDue(ctx context.Context) error {
	for {
		due, err := s.config.Store.DueTimers(ctx, s.modules, s.config.Clock(), defaultPage)
		if err != nil {
			return err
		}
		var group errgroup.Group
		group.SetLimit(defaultConcurrency)
		for _, d := range due {
			group.Go(func() error { s.fire(ctx, d); return nil })
		}
		_ = group.Wait() // each failure was logged with its timer
		if len(due) == 0 || ctx.Err() != nil {
			return nil
		}
	}
}

// fire handles a timer and clears it: a command that changed nothing leaves it set.
func (s *Service) fire(ctx context.Context, due Due) {
	of := aggregate{due.Stream.Module, due.Stream.Type}
	handle := s.handlers[of]
	if handle == nil {
		handle = func(context.Context, Due) error {
			return fmt.Errorf("no handler for the timers of %s: is an old version of the program running?", of)
		}
	}
	err := call(ctx, handle, due)
	refused := final(err)
	if err == nil || refused {
		if failed := s.config.Store.ClearTimer(ctx, due); failed != nil {
			err, refused = errors.Join(err, failed), false
		}
	}
	if ctx.Err() == nil {
		s.note(due, of.String(), err, refused)
	}
}

// note counts and logs how a timer ended.
func (s *Service) note(due Due, aggregate string, err error, refused bool) {
	log := s.config.Logger.With("timer", due.Name, "due", due.Due, "stream", due.Stream.ID, "tenant", due.Stream.Tenant)
	switch {
	case refused:
		s.config.Metrics.refused.WithLabelValues(aggregate).Inc()
		log.Warn("a timer's command was refused for good, the timer is cleared", "error", err)
	case err != nil:
		s.config.Metrics.failures.WithLabelValues(aggregate).Inc()
		log.Error("a timer failed, it is tried again", "error", err)
	default:
		s.config.Metrics.fired.WithLabelValues(aggregate).Inc()
		s.config.Metrics.lateness.WithLabelValues(aggregate).Observe(s.config.Clock().Sub(due.Due).Seconds())
	}
}

// final reports whether a rule refused a timer's command for good. It would
// refuse it again after every lease, for ever: the state that it judged changes
// only by another append to the stream, and that append sets the timers anew
// which the new state wants. A conflict with a concurrent command is no
// judgement, and neither is anything that asks to come back later.
func final(err error) bool {
	refused, ok := errors.AsType[*problem.Error](err)
	if !ok || refused.Status < 400 || refused.Status >= 500 {
		return false
	}
	switch refused.Code {
	case problem.Conflict().Code, problem.KeyInFlight().Code:
		return false
	}
	return refused.Status != http.StatusTooManyRequests
}

// call runs the handler; a panic of its is an error of that timer alone.
func call(ctx context.Context, handle func(context.Context, Due) error, due Due) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its handler panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return handle(ctx, due)
}
