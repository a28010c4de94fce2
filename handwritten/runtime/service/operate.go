package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/operations"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
)

// operateStop bounds the end of an operator's command.
const operateStop = 5 * time.Second

// operate gives an operator's hands to do, on the engines that are configured,
// else on those of the serve that runs in the data folder.
func (i *invocation) operate(do func(context.Context, *operations.Operations) error) (err error) {
	config, err := i.config.ofRunning()
	if err != nil {
		return err
	}
	events := eventstore.Config{URL: config.DatabaseURL, Clock: config.clock(), Log: i.log}
	clients, err := connect(i.ctx, config, events)
	if err != nil {
		return err
	}
	defer clients.close()
	ops, err := i.operations(config, clients)
	if err != nil {
		return err
	}
	running := newStack(i.log)
	running.start(Task{Name: "event store", Run: clients.store.Run}) // a replay appends
	defer func() { err = errors.Join(err, running.stop(operateStop)) }()
	return do(i.ctx, ops)
}

// ofRunning fills in the endpoints of the engines that a running serve has started.
func (c Config) ofRunning() (Config, error) {
	if !c.embedsAny() {
		return c, nil
	}
	running, err := embedded.Find(c.DataDir)
	if errors.Is(err, embedded.ErrNotRunning) {
		return c, fmt.Errorf("%w: start serve with the same OKSAI_DATA, or set DATABASE_URL, CLICKHOUSE_URL, KAFKA_BROKERS and REDIS_URL", err)
	}
	return c.withEndpoints(running), err
}

// operations assembles the app's modules without what only serving needs.
func (i *invocation) operations(config Config, clients *clients) (*operations.Operations, error) {
	signIn, err := config.signIn(i.ctx, i.app, clients, config.clock(), i.log)
	if err != nil {
		return nil, err
	}
	bus := i.app.bus(config)
	projections := clients.projections(bus, config.clock())
	projections.Logger = i.log
	deps := Deps{Store: clients.store, ClickHouse: clients.clickhouse, Clock: config.clock(), Log: i.log, SignIn: signIn, Audit: clients.trail(config.clock(), i.log)}
	deps.Operations = operations.New(operations.Config{Store: clients.store, Registry: projections.Store, Bus: bus, Clock: config.clock()})
	modules, err := i.app.Assemble(deps, func(tenancy.Directory) httpx.Guard { return nil })
	if err != nil {
		return nil, fmt.Errorf("assemble %s: %w", i.app.Name, err)
	}
	deps.host(modules, followersOf(modules, projections))
	return deps.Operations, nil
}

// host tells the operators' hands what the app has.
func (d Deps) host(modules []*Module, followers []follower) {
	projections := make([]operations.Projection, len(followers))
	for i, f := range followers {
		projections[i] = f
	}
	var reactions []reaction.Definition
	for _, m := range modules {
		reactions = append(reactions, m.Reactions...)
	}
	d.Operations.Host(projections, reactions)
}
