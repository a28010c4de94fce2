package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
)

// exitTime is what an app may take to exit when it has stopped, and what the
// engines have for themselves if the apps took all of their time.
const exitTime = time.Second

// Platform is all apps that share one set of engines.
type Platform struct {
	// Name is the spec's.
	Name string
	// Apps are the executables, each in a file of its name beside the launcher's.
	Apps []Place
	// Roles are those that tokens may carry.
	Roles []string
	// Secrets are the names of those that the apps' modules declare.
	Secrets []string
	// Front is the app that newcomers are sent to.
	Front string
	// Demo is what it is filled with.
	Demo *Demo
}

// Place is where an app listens.
type Place struct {
	Name string
	Port int
}

// Launch is a launcher's whole main function: it runs all apps of a platform on
// this machine, each in a process of its own, over one set of engines that belong
// to the launcher. An app that dies is started again, while the others go on.
func Launch(p Platform) {
	untilSignal(func(ctx context.Context) int {
		started := time.Now()
		config, err := LoadConfig(os.Environ(), 0, p.Secrets...)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
			return 2
		}
		l := &launcher{platform: p, config: config, log: config.logger(os.Stderr), out: os.Stdout, started: started}
		if err := l.run(ctx, os.Environ()); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
			return 1
		}
		return 0
	})
}

type launcher struct {
	platform Platform
	config   Config
	log      *slog.Logger
	out      io.Writer
	started  time.Time
	engines  *embedded.Engines
	apps     []*launched
}

// run returns when ctx has ended and nothing runs any more.
func (l *launcher) run(ctx context.Context, environ []string) (err error) {
	defer func() { err = errors.Join(err, l.stop()) }()
	for _, step := range []func(context.Context) error{l.prepare, l.listen(environ), l.startEngines, l.startApps, l.welcome} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return l.supervise(ctx)
}

// prepare makes what the apps would else make at the same time.
func (l *launcher) prepare(context.Context) error {
	if err := os.MkdirAll(l.config.DataDir, 0o755); err != nil {
		return fmt.Errorf("OKSAI_DATA: %w", err)
	}
	if _, err := l.config.cursorSecret(); err != nil {
		return err
	}
	if !l.config.ownKeys() {
		return nil
	}
	_, err := l.config.devKeys()
	return err
}

// listen takes every app's port before anything is started.
func (l *launcher) listen(environ []string) func(context.Context) error {
	return func(ctx context.Context) error {
		folder, err := os.Executable()
		if err != nil {
			return fmt.Errorf("the apps are beside the launcher, whose file is unknown: %w", err)
		}
		for _, place := range l.platform.Apps {
			program := filepath.Join(filepath.Dir(folder), place.Name)
			if _, err := os.Stat(program); err != nil {
				return fmt.Errorf("%w: build all apps into the launcher's folder, as make serve does", err)
			}
			config, err := LoadConfig(environ, place.Port)
			if err != nil {
				return err
			}
			if config.Port != 0 && config.Port != place.Port {
				return fmt.Errorf("PORT=%d is one port for %d apps: use 0 (any free ports), or run one app", config.Port, len(l.platform.Apps))
			}
			app, err := launch(ctx, place.Name, program, config, l.log)
			if err != nil {
				return err
			}
			l.apps = append(l.apps, app)
		}
		return nil
	}
}

func (l *launcher) startEngines(ctx context.Context) (err error) {
	_, l.engines, err = l.config.withEngines(ctx, l.log)
	return err
}

// startApps starts all apps at once and waits until each of them is ready.
func (l *launcher) startApps(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, app := range l.apps {
		group.Go(func() error { return app.start(ctx) })
	}
	return group.Wait()
}

func (l *launcher) welcome(ctx context.Context) error {
	if !l.config.ownKeys() {
		return nil // there are no development tokens
	}
	urls := map[string]string{}
	for _, app := range l.apps {
		urls[app.name] = app.url
	}
	return l.config.welcome(ctx, welcome{
		front: l.platform.Front, apps: urls, roles: l.platform.Roles, demo: l.platform.Demo, started: l.started, out: l.out,
	})
}

// supervise keeps everything going until ctx ends.
func (l *launcher) supervise(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, app := range l.apps {
		group.Go(func() error { return app.child.Supervise(ctx) })
	}
	if l.engines != nil {
		group.Go(func() error { return l.engines.Run(ctx) })
	}
	return group.Wait()
}

// stop ends the apps, which still need the engines for it, and then those.
func (l *launcher) stop() error {
	all, cancel := context.WithTimeout(context.Background(), l.config.StopTime()+2*exitTime)
	defer cancel()
	ctx, cancel := context.WithTimeout(all, l.config.StopTime()+exitTime)
	defer cancel()
	var apps errgroup.Group
	for _, app := range l.apps {
		apps.Go(func() error { return app.stop(ctx) })
	}
	err := apps.Wait()
	if l.engines != nil {
		err = errors.Join(err, l.engines.Stop(all))
	}
	return err
}
