// Package embedded runs the engines the platform needs (PostgreSQL, ClickHouse,
// Kafka, Redis) without Docker and without an installation: as child processes
// where an engine is a program, inside this process where it is a library.
//
// The engines speak their real protocols on loopback, so the code that uses
// them is the code that runs in production.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// stopTimeout bounds Stop: what has not ended by then is killed.
const stopTimeout = 5 * time.Second

// Options say which engines to start and where they keep their data.
type Options struct {
	// Dir holds the data of all engines. It is created when it does not exist.
	Dir string
	// Log receives what the engines' supervisor has to say; nil means slog.Default.
	Log *slog.Logger
	// Postgres, ClickHouse, Kafka and Redis choose the engines to start.
	Postgres, ClickHouse, Kafka, Redis bool
	// ClickHouseOptional lets Start go on where no ClickHouse can be had:
	// ClickHouseURL is then empty, and Missing says why.
	ClickHouseOptional bool
	// NoSync trades durability for speed: a power failure may lose data. For tests.
	NoSync bool
}

// Engines are running engines.
type Engines struct {
	Endpoints
	// Missing is ErrUnavailable with its reason, if an optional engine could not be had.
	Missing error

	dir     string
	lock    *dirLock
	engines []engine
	stopped chan struct{}
}

// engine is one running engine.
type engine interface {
	// Supervise keeps the engine going until ctx ends or the engine is stopped.
	Supervise(ctx context.Context) error
	// Stop ends the engine. It returns when nothing of it is left.
	Stop(ctx context.Context) error
}

// Start starts the engines that were asked for and returns when all of them
// answer. On an error nothing is left running. The caller calls Run, so that
// engines that die are restarted, and finally Stop.
func Start(ctx context.Context, o Options) (*Engines, error) {
	if kind := os.Getenv(childEnv); kind != "" {
		return nil, fmt.Errorf("embedded: this process was started to be the %s engine, but it runs the program instead: call embedded.MaybeChild first in main, or enginetest.Main in TestMain", kind)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("embedded: data folder %q: %w", o.Dir, err)
	}
	o.Dir = dir
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	e := &Engines{dir: dir, lock: lock, stopped: make(chan struct{})}
	err = e.start(ctx, o)
	if err == nil {
		err = e.announce(dir)
	}
	if err != nil {
		return nil, errors.Join(err, e.Stop(context.WithoutCancel(ctx)))
	}
	return e, nil
}

// start starts all engines at once: the slowest one decides how long it takes.
func (e *Engines) start(ctx context.Context, o Options) error {
	started := make([]engine, 4)
	group, ctx := errgroup.WithContext(ctx)
	launch := func(i int, wanted bool, start func() (engine, error)) {
		if !wanted {
			return
		}
		group.Go(func() error {
			running, err := start()
			if err == nil {
				started[i] = running
			}
			return err
		})
	}
	launch(0, o.Postgres, func() (engine, error) { return startPostgres(ctx, o, &e.PostgresURL) })
	launch(1, o.ClickHouse, func() (engine, error) {
		running, err := startClickHouse(ctx, o, &e.ClickHouseURL)
		if o.ClickHouseOptional && errors.Is(err, ErrUnavailable) {
			e.ClickHouseURL, e.Missing, err = "", err, nil
		}
		return running, err
	})
	launch(2, o.Kafka, func() (engine, error) { return startKafka(ctx, o, &e.KafkaBrokers) })
	launch(3, o.Redis, func() (engine, error) { return startRedis(&e.RedisURL) })
	err := group.Wait()
	for _, running := range started {
		if running != nil {
			e.engines = append(e.engines, running)
		}
	}
	return err
}

// Run supervises the engines: a child that dies is started again, on the same
// port and with the same data. It returns nil when ctx ends or after Stop; the
// engines keep running until Stop.
func (e *Engines) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for _, engine := range e.engines {
		group.Go(func() error { return engine.Supervise(ctx) })
	}
	group.Go(func() error {
		select {
		case <-e.stopped:
			cancel()
		case <-ctx.Done():
		}
		return nil
	})
	return group.Wait()
}

// Stop ends all engines at once and leaves no process behind: an engine that
// does not end within five seconds, or before ctx does, is killed. Stop is
// called once.
func (e *Engines) Stop(ctx context.Context) error {
	close(e.stopped)
	withdrawn := withdraw(e.dir)
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	var group errgroup.Group
	for _, engine := range e.engines {
		group.Go(func() error { return engine.Stop(ctx) })
	}
	return errors.Join(group.Wait(), withdrawn, e.lock.release())
}
