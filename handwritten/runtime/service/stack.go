package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Task is a loop that runs as long as the process.
type Task struct {
	// Name identifies it in the log, e.g. "job snapshots".
	Name string
	// Run returns nil when ctx ends; any other return stops the process.
	Run func(ctx context.Context) error
}

// stack runs tasks that build on one another: started in order, stopped in
// reverse order, each only after all above it have returned. So the HTTP server
// drains while the event store under it still commits.
type stack struct {
	log     *slog.Logger
	running []running
	failed  chan error
}

type running struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
}

func newStack(log *slog.Logger) *stack {
	return &stack{log: log, failed: make(chan error, 1)}
}

// start runs t on top of what runs already.
func (s *stack) start(t Task) {
	// Not derived from the caller's context: a signal must stop the stack from the top, not all of it at once.
	ctx, cancel := context.WithCancel(context.Background())
	r := running{name: t.Name, cancel: cancel, done: make(chan struct{})}
	s.running = append(s.running, r)
	go func() {
		defer close(r.done)
		err := t.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("it ended before it was asked to")
		}
		select {
		case s.failed <- fmt.Errorf("%s: %w", t.Name, err):
		default:
		}
	}()
}

// wait returns when ctx ends (nil) or a task fails (its error).
func (s *stack) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}

// stop ends all tasks from the top; one that is not done within its share of
// grace is reported and left behind.
func (s *stack) stop(grace time.Duration) error {
	deadline := time.NewTimer(grace)
	defer deadline.Stop()
	var late []error
	for i := len(s.running) - 1; i >= 0; i-- {
		r := s.running[i]
		r.cancel()
		select {
		case <-r.done:
		case <-deadline.C:
			late = append(late, fmt.Errorf("%s did not stop within %s", r.name, grace))
			deadline.Reset(0)
		}
	}
	s.running = nil
	return errors.Join(late...)
}
