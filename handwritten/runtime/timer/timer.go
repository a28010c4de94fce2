// Package timer wakes streams at the times they asked for: never early, and
// once in effect.
package timer

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/eventstore"
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
	// back when the store's timer lease has ended.
	Handle func(ctx context.Context, due Due) error
}

// Key claims a timer's firing. A command that carries it takes effect once; the
// same timer set to another time is another firing.
func Key(due Due) *eventstore.Key {
	return &eventstore.Key{Scope: "timer", Name: fmt.Sprintf("%s/%s/%s", due.Stream.ID, due.Name, due.Due.UTC().Format(time.RFC3339Nano))}
}

// Store hands out due timers, each to one caller for a while. It is *eventstore.Store.
type Store interface {
	DueTimers(ctx context.Context, now time.Time, limit int) ([]eventstore.DueTimer, error)
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
	Ticks  <-chan time.Time
	Clock  func() time.Time
	Logger *slog.Logger
}

// Service fires due timers.
type Service struct {
	config   Config
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
	s := &Service{config: config, handlers: map[aggregate]func(context.Context, Due) error{}}
	for _, d := range config.Definitions {
		s.handlers[aggregate{d.Module, d.Type}] = d.Handle
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

// fireDue fires all timers that are due now.
func (s *Service) fireDue(ctx context.Context) error {
	for {
		due, err := s.config.Store.DueTimers(ctx, s.config.Clock(), defaultPage)
		if err != nil {
			return err
		}
		var group errgroup.Group
		group.SetLimit(defaultConcurrency)
		for _, d := range due {
			group.Go(func() error { s.fire(ctx, d); return nil })
		}
		_ = group.Wait() // each failure was logged with its timer
		if len(due) < defaultPage || ctx.Err() != nil {
			return nil
		}
	}
}

// fire handles a timer and clears it: a command that changed nothing leaves it set.
func (s *Service) fire(ctx context.Context, due Due) {
	handle := s.handlers[aggregate{due.Stream.Module, due.Stream.Type}]
	if handle == nil {
		handle = func(context.Context, Due) error {
			return fmt.Errorf("no handler for the timers of %s.%s: is an old version of the program running?", due.Stream.Module, due.Stream.Type)
		}
	}
	err := call(ctx, handle, due)
	if err == nil {
		err = s.config.Store.ClearTimer(ctx, due)
	}
	if err != nil && ctx.Err() == nil {
		s.config.Logger.Error("a timer failed, it is tried again",
			"error", err, "timer", due.Name, "due", due.Due, "stream", due.Stream.ID, "tenant", due.Stream.Tenant)
	}
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
