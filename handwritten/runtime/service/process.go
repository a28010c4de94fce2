package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/outbox"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/signin/schema"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
	"github.com/oksai/oksai/handwritten/runtime/usage"
)

// process is one running app.
type process struct {
	app    App
	role   role
	config Config
	// joined is where a process listens that a launcher started, on the launcher's
	// engines; nil in one that stands alone.
	joined net.Listener
	// ownsDatabase: no other process can use the database, as the data folder is locked.
	ownsDatabase bool
	log          *slog.Logger
	out          io.Writer
	clock        func() time.Time
	started      time.Time
	stack        *stack
	engines      *embedded.Engines
	clients      *clients
	signIn       *signin.Service
	bus          bus.Config
	pauses       *consume.Pauses
	relay        *outbox.Relay
	waiter       *projection.Waiter
	tenants      *tenancy.Guard // nil where the spec knows no tenants
	metrics      metrics
	server       *httpx.Server
}

// run runs the role's part of the app until ctx ends, then stops it from the top:
// readiness goes false, requests drain, consumers and the relay finish, engines
// stop last.
func (i *invocation) run(r role, joined net.Listener) (err error) {
	if err := r.check(i.config); err != nil {
		return err
	}
	p := &process{app: i.app, role: r, config: i.config, joined: joined, log: i.log, out: i.out, clock: i.config.clock(), started: time.Now(),
		metrics: newMetrics(), stack: newStack(i.log)}
	defer func() { err = errors.Join(err, p.stop()) }()
	if err := p.start(i.ctx); err != nil {
		return err
	}
	return p.stack.wait(i.ctx)
}

// start brings everything up, from the engines to the HTTP server.
func (p *process) start(ctx context.Context) error {
	if err := os.MkdirAll(p.config.DataDir, 0o755); err != nil {
		return fmt.Errorf("OKSAI_DATA: %w", err)
	}
	for _, step := range []func(context.Context) error{p.startEngines, p.reach, p.migrate, p.openClients, p.openSignIn, p.startBus, p.startModules, p.serve} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) startEngines(ctx context.Context) (err error) {
	if p.joined != nil {
		p.app.Demo = nil // the launcher's affair
		return nil
	}
	p.ownsDatabase = p.config.embedsDatabase()
	p.config, p.engines, err = p.config.withEngines(ctx, p.log)
	if err != nil {
		return err
	}
	if p.engines != nil {
		p.stack.start(Task{Name: "embedded engines", Run: p.engines.Run})
	}
	if !p.ownsDatabase {
		p.app.Demo = nil
	}
	return nil
}

func (p *process) reach(ctx context.Context) error { return p.config.reach(ctx, p.role, p.log) }

func (p *process) migrate(ctx context.Context) error { return p.app.migrate(ctx, p.config.DatabaseURL) }

// migrate brings the whole database up to date.
func (a App) migrate(ctx context.Context, url string) error {
	for _, migrate := range []func(context.Context, string) error{eventstore.Migrate, schema.Migrate, usage.Migrate, audit.Migrate} {
		if err := migrate(ctx, url); err != nil {
			return fmt.Errorf("DATABASE_URL: %w", err)
		}
	}
	return applySchemas(ctx, url, a.Schemas)
}

// schemaLock keeps replicas that start at once from creating the same things:
// PostgreSQL's IF NOT EXISTS does not.
const schemaLock = 0x6f6b736169 // "oksai"

// applySchemas creates what the modules' PostgreSQL projections need and is not there yet.
func applySchemas(ctx context.Context, url string, schemas []string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // gives the lock back
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, schemaLock); err != nil {
		return fmt.Errorf("wait for another process that applies the modules' PostgreSQL schemas: %w", err)
	}
	for _, schema := range schemas {
		if _, err := conn.Exec(ctx, schema); err != nil {
			return fmt.Errorf("apply a module's PostgreSQL schema: %w", err)
		}
	}
	return nil
}

func (p *process) openClients(ctx context.Context) (err error) {
	events := eventstore.Config{URL: p.config.DatabaseURL, Clock: p.clock, Log: p.log, Committed: p.committed}
	if p.clients, err = connect(ctx, p.config, events); err != nil {
		return err
	}
	p.stack.start(Task{Name: "event store", Run: p.clients.store.Run})
	return nil
}

// committed wakes the relay. Nothing is appended before the modules start, and by then there is one.
func (p *process) committed() { p.relay.Wake() }

func (p *process) serve(ctx context.Context) error {
	p.server.Check("database", func(ctx context.Context) error { return p.clients.store.Reader().Ping(ctx) })
	p.server.CheckOptional("redis", func(ctx context.Context) error { return p.clients.redis.Ping(ctx).Err() })
	p.server.CheckOptional("clickhouse", p.clients.clickhouse.Ping)
	p.stack.start(Task{Name: "http server", Run: p.server.Run})
	address, err := p.listening(ctx)
	if err != nil {
		return err
	}
	baseURL := "http://" + address
	p.log.Info("ready", "role", p.role.name, "url", baseURL)
	if p.app.Demo == nil {
		return nil
	}
	return p.config.welcome(ctx, welcome{
		front: p.app.Name, apps: map[string]string{p.app.Name: baseURL}, roles: p.app.Roles, demo: p.app.Demo, started: p.started, out: p.out,
	})
}

// listening waits for the server's address, or for the failure that keeps it from having one.
func (p *process) listening(ctx context.Context) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if err := p.stack.wait(ctx); err != nil {
			cancel(err)
		}
	}()
	address, err := p.server.Address(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return "", cause
	}
	return address, err
}

func (p *process) address() string {
	return net.JoinHostPort(p.config.Host, strconv.Itoa(p.config.Port))
}

func (p *process) stop() error {
	err := p.stack.stop(p.config.StopTime())
	if p.clients != nil {
		p.clients.close()
	}
	if p.engines != nil {
		err = errors.Join(err, p.engines.Stop(context.Background())) // which bounds itself
	}
	return err
}
