package service

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/cache"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/outbox"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/ratelimit"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
	"github.com/oksai/oksai/handwritten/runtime/timer"
	"github.com/oksai/oksai/handwritten/runtime/usage"
)

// statusTTL is how long a tenant's status is believed, once in Redis and once in
// memory: together well below tenancy.MaxStale.
const statusTTL = 2 * time.Second

// startBus starts what brings committed events to those who follow them.
func (p *process) startBus(context.Context) (err error) {
	store := p.clients.store
	p.bus = p.app.bus(p.config)
	relay := outbox.Config{Bus: p.bus, Log: store, Writer: store.Writer(), Reader: store.Reader(), Logger: p.log, Metrics: p.metrics.registry}
	relay.Holder = p.holder()
	p.relay, err = outbox.New(relay)
	if err != nil {
		return fmt.Errorf("outbox relay: %w", err)
	}
	p.waiter = projection.NewWaiter(projection.WaiterConfig{Reader: store.Reader(), PartitionOf: p.bus.PartitionOf})
	p.pauses = consume.NewPauses(consume.PausesConfig{List: p.projections().Store.Paused, Logger: p.log})
	publish := p.relay.Run
	if !p.role.work {
		publish = p.relay.Announce
	}
	p.stack.start(Task{Name: "gauges", Run: p.newGauges().run})
	p.stack.start(Task{Name: "pauses", Run: p.pauses.Run})
	p.stack.start(Task{Name: "outbox relay", Run: publish})
	p.stack.start(Task{Name: "consistency waiter", Run: p.waiter.Run})
	return nil
}

// holder names this process in the relay's lease, if whoever held the lease by
// that name before must be dead: nobody else has the data folder, or the launcher
// started one process of this app after the other. Else it has no name.
func (p *process) holder() string {
	switch {
	case p.ownsDatabase:
		return "the only one"
	case p.joined != nil:
		return p.app.Name
	}
	return ""
}

func (p *process) startModules(ctx context.Context) error {
	deps, err := p.deps()
	if err != nil {
		return err
	}
	given, err := p.config.given()
	if err != nil {
		return err
	}
	modules, err := p.app.Assemble(deps, given, p.guard)
	if err != nil {
		return fmt.Errorf("assemble %s: %w", p.app.Name, err)
	}
	for _, m := range modules {
		for _, t := range m.Tasks {
			p.stack.start(t)
		}
	}
	if p.role.work {
		if err := p.work(ctx, modules); err != nil {
			return err
		}
	}
	return p.newServer(modules)
}

// work starts what follows the log.
func (p *process) work(ctx context.Context, modules []*Module) error {
	if err := p.bus.Ensure(ctx, p.app.Modules...); err != nil {
		return fmt.Errorf("KAFKA_BROKERS: %w", err)
	}
	followers, reactions := followersOf(modules, p.projections()), reactionsOf(modules)
	if err := p.register(ctx, followers, reactions); err != nil {
		return err
	}
	p.startProjections(followers)
	p.startReactions(reactions)
	p.startTimers(modules)
	p.stack.start(Task{Name: "storage", Run: usage.NewStorage(p.clients.store, p.log).Run})
	return nil
}

// register makes what the process runs known to operators.
func (p *process) register(ctx context.Context, followers []follower, reactions []reaction.Definition) error {
	var names []string
	for _, f := range followers {
		names = append(names, f.Consumer())
	}
	for _, r := range reactions {
		names = append(names, r.Name)
	}
	return p.projections().Store.Register(ctx, names)
}

// newServer serves the modules, or only health and metrics.
func (p *process) newServer(modules []*Module) (err error) {
	config := httpx.Config{
		App: p.app.Name, Addr: p.address(), Listener: p.joined, Proxies: p.config.Proxies,
		Log: p.log, Registry: p.metrics.registry, DrainDelay: p.config.DrainDelay, StopTimeout: p.config.requestsGrace(),
	}
	var https []httpx.Module
	if p.role.api {
		if config.Limiter, err = p.limits(); err != nil {
			return err
		}
		config.OpenAPI = p.app.OpenAPI
		for _, m := range modules {
			https = append(https, m.HTTP)
		}
	}
	p.server, err = httpx.NewServer(config, https...)
	return err
}

// limits starts what counts the tenants' calls.
func (p *process) limits() (*limits, error) {
	l, err := newLimits(p.config.LimitConfig, p.app.Platform, p.clients.redis, ratelimit.Config{Log: p.log})
	if err != nil {
		return nil, err
	}
	l.meter = usage.NewMeter(p.clients.store, p.clock, p.log)
	l.callsPerDay = func(context.Context, uuid.UUID) (*int64, error) { return nil, nil }
	l.room = func(context.Context, uuid.UUID) error { return nil }
	if p.tenants != nil {
		l.callsPerDay, l.room = p.tenants.CallsPerDay, p.tenants.Room
	}
	p.stack.start(Task{Name: "usage", Run: l.meter.Run})
	return l, nil
}

func (p *process) deps() (Deps, error) {
	secret, err := p.config.cursorSecret()
	if err != nil {
		return Deps{}, err
	}
	cursors, err := httpx.NewCursors(secret)
	if err != nil {
		return Deps{}, err
	}
	mailer, err := p.config.mailer()
	trail := p.clients.trail(p.clock, p.log)
	return Deps{
		Store: p.clients.store, ClickHouse: p.clients.clickhouse, Cursors: cursors,
		Waiter: p.waiter, Verifier: p.app.admit(p.signIn.Authenticator, trail.RecordAlone), Clock: p.clock, Log: p.log,
		SignIn: p.signIn, Mail: mailer, FirstOperators: p.config.FirstOperators, Audit: trail,
		Operations: p.clients.operations(p.bus, p.clock, p.log),
	}, err
}

func (p *process) guard(d tenancy.Directory) httpx.Guard {
	shared := cache.New[tenancy.Standing](p.clients.redis, cache.Config{
		Name: p.app.Platform + ":tenant-standing:1", TTL: statusTTL, Clock: p.clock, Log: p.log,
	})
	stored := func(ctx context.Context, tenant uuid.UUID) (int64, error) {
		return usage.Stored(ctx, p.clients.store, tenant)
	}
	p.tenants = tenancy.NewGuard(tenancy.Cached(tenancy.Weighed(d, stored), shared), statusTTL, p.clock)
	return p.tenants
}

// startProjections starts read models, and what builds them anew for operators.
func (p *process) startProjections(followers []follower) {
	renewal := projection.Renewal{Store: p.projections().Store, Ensure: map[string]func(context.Context) error{}, Logger: p.log}
	for _, f := range followers {
		renewal.Ensure[f.Consumer()] = f.Ensure
		p.startProjection(f)
	}
	p.stack.start(Task{Name: "renewal of read models", Run: renewal.Run})
}

// startReactions starts reactions, and what handles dead letters of theirs again
// for operators.
func (p *process) startReactions(definitions []reaction.Definition) {
	for _, d := range definitions {
		reactor := reaction.New(reaction.Config{
			Definition: d, Bus: p.bus, Store: p.clients.store, Pauses: p.pauses, Logger: p.log, Clock: p.clock,
			Metrics: p.metrics.reactions, Consumers: p.metrics.consumers,
		})
		p.stack.start(Task{Name: "reaction " + d.Name, Run: reactor.Run})
	}
	replayer := reaction.Replayer{Store: p.clients.store, Reactions: definitions, Clock: p.clock, Logger: p.log}
	p.stack.start(Task{Name: "replay of dead letters", Run: replayer.Run})
}

func (p *process) projections() projection.Config {
	config := p.clients.projections(p.bus, p.clock)
	config.Logger, config.Metrics = p.log, p.metrics.projections
	return config
}

// startTimers starts the one service that fires the timers of all modules.
func (p *process) startTimers(modules []*Module) {
	var definitions []timer.Definition
	for _, m := range modules {
		definitions = append(definitions, m.Timers...)
	}
	fired := timer.New(timer.Config{Store: p.clients.store, Definitions: definitions, Clock: p.clock, Logger: p.log, Metrics: p.metrics.timers})
	p.stack.start(Task{Name: "timers", Run: fired.Run})
}

func (p *process) startProjection(f follower) {
	name := f.Consumer()
	consumer := consume.New(consume.Config{
		Name: name, Bus: p.bus, Handler: f, Store: p.clients.store, Pauses: p.pauses, Logger: p.log, Clock: p.clock, Metrics: p.metrics.consumers,
		OnAdvance: func(partition int32, at event.Position) { p.waiter.Advance(name, partition, at) },
	})
	p.stack.start(Task{Name: "projection " + name, Run: func(ctx context.Context) error { return f.Run(ctx, consumer.Run) }})
}
