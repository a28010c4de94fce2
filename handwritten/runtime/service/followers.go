package service

import (
	"context"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// follower is a read model that follows the log, in ClickHouse or PostgreSQL.
type follower interface {
	consume.Handler
	Consumer() string
	Run(ctx context.Context, consume func(context.Context) error) error
	Ensure(ctx context.Context) error
}

// followersOf are the read models of modules.
func followersOf(modules []*Module, config projection.Config) []follower {
	var all []follower
	for _, m := range modules {
		for _, model := range m.Models {
			all = append(all, projection.NewRunner(model, config))
		}
		for _, table := range m.Tables {
			all = append(all, projection.NewAsync(table, config))
		}
	}
	return all
}

// reactionsOf are the reactions of modules.
func reactionsOf(modules []*Module) []reaction.Definition {
	var all []reaction.Definition
	for _, m := range modules {
		all = append(all, m.Reactions...)
	}
	return all
}

// projections is what projections run with on these engines.
func (k *clients) projections(b bus.Config, clock func() time.Time) projection.Config {
	return projection.Config{
		ClickHouse: k.clickhouse, Log: k.store, Store: projection.NewStore(k.store.Writer(), k.store.Reader(), clock),
		Partitions: b.PartitionCount(), Clock: clock,
	}
}

func (a App) bus(c Config) bus.Config {
	return bus.Config{Platform: a.Platform, Brokers: c.KafkaBrokers, Partitions: a.Partitions, Topic: a.Topic, Topics: a.Topics}
}
