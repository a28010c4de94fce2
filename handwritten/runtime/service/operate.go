package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/operations"
)

// operate gives an operator's hands to do, on the engines that are configured,
// else on those of the serve that runs in the data folder.
func (i *invocation) operate(do func(context.Context, *operations.Operations) error) error {
	config, err := i.config.ofRunning()
	if err != nil {
		return err
	}
	clients, err := connect(i.ctx, config, eventstore.Config{URL: config.DatabaseURL, Clock: config.clock(), Log: i.log})
	if err != nil {
		return err
	}
	defer clients.close()
	return do(i.ctx, clients.operations(i.app.bus(config), config.clock(), i.log))
}

// operator is who works at the command line, for the audit trail.
func operator() string {
	name, host := "somebody", "an unknown machine"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return "command line: " + name + "@" + host
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
