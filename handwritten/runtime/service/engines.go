package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// reachTimeout is how long a configured engine may take to answer at the start.
const reachTimeout = 10 * time.Second

// withEngines starts the engines that have no endpoint and returns the settings with theirs filled in.
func (c Config) withEngines(ctx context.Context, log *slog.Logger) (Config, *embedded.Engines, error) {
	o := embedded.Options{
		Dir: c.DataDir, Log: log,
		Postgres: c.DatabaseURL == "", ClickHouse: c.ClickHouseURL == "",
		Kafka: len(c.KafkaBrokers) == 0, Redis: c.RedisURL == "",
	}
	if !o.Postgres && !o.ClickHouse && !o.Kafka && !o.Redis {
		return c, nil, nil
	}
	engines, err := embedded.Start(ctx, o)
	if err != nil {
		return c, nil, fmt.Errorf("start the embedded engines: %w", err)
	}
	if o.Postgres {
		c.DatabaseURL = engines.PostgresURL
	}
	if o.ClickHouse {
		c.ClickHouseURL = engines.ClickHouseURL
	}
	if o.Kafka {
		c.KafkaBrokers = engines.KafkaBrokers
	}
	if o.Redis {
		c.RedisURL = engines.RedisURL
	}
	return c, engines, nil
}

// clients are the connections that all modules share.
type clients struct {
	store      *eventstore.Store
	clickhouse driver.Conn
	redis      *redis.Client
}

// connect opens every engine and reports all that do not answer at once.
func connect(ctx context.Context, c Config, events eventstore.Config) (*clients, error) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	k := &clients{}
	errs := make([]error, 4)
	k.store, errs[0] = openStore(ctx, events)
	k.clickhouse, errs[1] = openClickHouse(ctx, c.ClickHouseURL)
	k.redis, errs[2] = openRedis(ctx, c.RedisURL)
	errs[3] = pingKafka(ctx, c.KafkaBrokers)
	if err := errors.Join(errs...); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

func (k *clients) close() {
	if k.store != nil {
		k.store.Close()
	}
	if k.clickhouse != nil {
		_ = k.clickhouse.Close()
	}
	if k.redis != nil {
		_ = k.redis.Close()
	}
}

func openStore(ctx context.Context, c eventstore.Config) (*eventstore.Store, error) {
	store, err := eventstore.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return store, nil
}

func openClickHouse(ctx context.Context, rawURL string) (driver.Conn, error) {
	options, err := clickhouse.ParseDSN(rawURL)
	if err != nil {
		return nil, fmt.Errorf("CLICKHOUSE_URL: %w", err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("CLICKHOUSE_URL: %w", err)
	}
	if err := conn.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("CLICKHOUSE_URL: ClickHouse at %v does not answer: %w", options.Addr, err), conn.Close())
	}
	return conn, nil
}

func openRedis(ctx context.Context, rawURL string) (*redis.Client, error) {
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	client := redis.NewClient(options)
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("REDIS_URL: Redis at %s does not answer: %w", options.Addr, err), client.Close())
	}
	return client, nil
}

func pingKafka(ctx context.Context, brokers []string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return fmt.Errorf("KAFKA_BROKERS: %w", err)
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return fmt.Errorf("KAFKA_BROKERS: Kafka at %v does not answer: %w", brokers, err)
	}
	return nil
}
