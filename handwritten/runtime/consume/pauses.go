package consume

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"
)

const defaultPauseInterval = time.Second

// PausesConfig says where pauses are remembered.
type PausesConfig struct {
	// List names the consumers that are paused in the whole platform.
	List func(ctx context.Context) ([]string, error)
	// Interval is the pause between looks at the list, so how long a change takes
	// to be heeded; 0 means 1 s.
	Interval time.Duration
	Logger   *slog.Logger
}

// Pauses holds back consumers that an operator has paused. It is the only way to
// pause: the list is durable and shared, so that a consumer rests in every
// process, also in those that start later, until it is resumed.
//
// A nil *Pauses holds back nobody.
type Pauses struct {
	config PausesConfig

	mu      sync.Mutex
	paused  map[string]bool
	known   bool          // the list was read at least once
	changed chan struct{} // closed at the next change
}

// NewPauses returns pauses that hold back everyone until Run has read the list.
func NewPauses(config PausesConfig) *Pauses {
	config.Interval = cmp.Or(config.Interval, defaultPauseInterval)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Pauses{config: config, changed: make(chan struct{})}
}

// Run follows the list until the context ends, and then returns nil. While the
// list cannot be read, what it said last holds.
func (p *Pauses) Run(ctx context.Context) error {
	tick := time.NewTicker(p.config.Interval)
	defer tick.Stop()
	for {
		names, err := p.config.List(ctx)
		if err == nil {
			p.set(names)
		} else if ctx.Err() == nil {
			p.config.Logger.Warn("the paused consumers cannot be listed, what is known of them holds", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (p *Pauses) set(names []string) {
	paused := map[string]bool{}
	for _, name := range names {
		paused[name] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known && maps.Equal(paused, p.paused) {
		return
	}
	p.paused, p.known = paused, true
	close(p.changed)
	p.changed = make(chan struct{})
}

// Pass waits while the consumer is paused; it reports false when the context ended.
func (p *Pauses) Pass(ctx context.Context, consumer string) bool {
	if p == nil {
		return ctx.Err() == nil
	}
	for {
		p.mu.Lock()
		passes, changed := p.known && !p.paused[consumer], p.changed
		p.mu.Unlock()
		if passes {
			return ctx.Err() == nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// Paused reports whether the consumer is held back.
func (p *Pauses) Paused(consumer string) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paused[consumer]
}
