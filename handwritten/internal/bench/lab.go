package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// scale says how much is measured.
type scale struct {
	pairs    int           // how often two sides take turns; odd, for there to be a middle
	turn     time.Duration // of one side
	events   int           // in the log that is rebuilt, a multiple of fillBatch
	rate     int           // commands per second while visibility is measured
	watch    time.Duration // how long it is measured
	commands int           // until the app's memory is judged
	tenants  int           // that do nothing
	runs     int           // of the generator
	flags    []string      // of go build, for what is measured as a process
}

var (
	full  = scale{pairs: 5, turn: 2 * time.Second, events: 1_000_000, rate: 1000, watch: 40 * time.Second, commands: 200_000, tenants: 10_000, runs: 3}
	small = scale{pairs: 1, turn: 300 * time.Millisecond, events: 2 * fillBatch, rate: 200, watch: 3 * time.Second, commands: 4_000, tenants: 100, runs: 1}
)

// lab is what all measurements share: a folder and the two databases. PostgreSQL
// waits for the disk at each commit, which is what group commit is about.
type lab struct {
	scale
	dir     string
	engines *embedded.Engines
	made    int // databases
}

func openLab(ctx context.Context, size scale) (*lab, error) {
	dir, err := os.MkdirTemp("", "oksai-bench-")
	if err != nil {
		return nil, err
	}
	engines, err := embedded.Start(ctx, embedded.Options{
		Dir: dir + "/engines", Postgres: true, ClickHouse: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &lab{scale: size, dir: dir, engines: engines}, nil
}

// close removes everything. Nobody needs the data any more, so that an engine
// which has to be killed because it still keeps it is no failure.
func (l *lab) close() error {
	_ = l.engines.Stop(context.Background())
	return os.RemoveAll(l.dir)
}

// stores are two databases that belong together.
type stores struct{ postgres, clickhouse string }

// database makes fresh ones; that in PostgreSQL has the runtime's tables.
func (l *lab) database(ctx context.Context) (s stores, err error) {
	l.made++
	name := fmt.Sprintf("bench_%d", l.made)
	conn, err := pgx.Connect(ctx, l.engines.PostgresURL)
	if err != nil {
		return s, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return s, err
	}
	if s.postgres, err = withPath(l.engines.PostgresURL, name); err != nil {
		return s, err
	}
	if s.clickhouse, err = withPath(l.engines.ClickHouseURL, name); err != nil {
		return s, err
	}
	if err := projection.CreateDatabase(ctx, s.clickhouse); err != nil {
		return s, err
	}
	return s, eventstore.Migrate(ctx, s.postgres)
}

func withPath(raw, path string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", err
	}
	u.Path = "/" + path
	return u.String(), nil
}

// openStore opens an event store on a fresh database, which commits until closed is called.
func (l *lab) openStore(ctx context.Context) (store *eventstore.Store, database string, closed func() error, err error) {
	db, err := l.database(ctx)
	if err != nil {
		return nil, "", nil, err
	}
	if store, err = eventstore.Open(ctx, eventstore.Config{URL: db.postgres}); err != nil {
		return nil, "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- store.Run(ctx) }()
	return store, db.postgres, func() error {
		cancel()
		err := <-done
		store.Close()
		return err
	}, nil
}
