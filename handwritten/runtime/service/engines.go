package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/jackc/pgx/v5"
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
		Postgres: c.DatabaseURL == "", ClickHouse: c.ClickHouseURL == "", ClickHouseOptional: true,
		Kafka: len(c.KafkaBrokers) == 0, Redis: c.RedisURL == "",
	}
	if !c.embedsAny() {
		return c, nil, nil
	}
	engines, err := embedded.Start(ctx, o)
	if err != nil {
		return c, nil, fmt.Errorf("start the embedded engines: %w", err)
	}
	if engines.Missing != nil {
		log.Error("there is no ClickHouse: lists answer 503 and projections wait until the next start", "error", engines.Missing)
	}
	return c.withEndpoints(engines.Endpoints), engines, nil
}

// withEndpoints fills in what is not set.
func (c Config) withEndpoints(e embedded.Endpoints) Config {
	c.DatabaseURL = cmp.Or(c.DatabaseURL, e.PostgresURL)
	c.ClickHouseURL = cmp.Or(c.ClickHouseURL, e.ClickHouseURL)
	c.RedisURL = cmp.Or(c.RedisURL, e.RedisURL)
	if len(c.KafkaBrokers) == 0 {
		c.KafkaBrokers = e.KafkaBrokers
	}
	return c
}

// reach asks every engine for an answer and reports all that give none. Redis
// only makes the platform faster: a process that starts while it is away must
// serve as well as one that runs on.
// An API does without Kafka, so its process must start without it too.
func (c Config) reach(ctx context.Context, r role, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	pings := []func(context.Context) error{c.reachPostgres, c.reachClickHouse, func(ctx context.Context) error {
		if err := c.reachRedis(ctx); err != nil {
			log.Warn("going on without the cache", "error", err)
		}
		return nil
	}}
	if r.work {
		pings = append(pings, c.reachKafka)
	}
	errs := make([]error, len(pings))
	var all sync.WaitGroup
	for i, ping := range pings {
		all.Go(func() { errs[i] = ping(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (c Config) reachPostgres(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.DatabaseURL)
	if err != nil {
		return fmt.Errorf("DATABASE_URL: PostgreSQL does not answer: %w", err)
	}
	return conn.Close(ctx)
}

func (c Config) reachClickHouse(ctx context.Context) error {
	if c.ClickHouseURL == "" {
		return nil // it could not be had, and that was said
	}
	conn, err := openClickHouse(c.ClickHouseURL)
	if err != nil {
		return err
	}
	if err := conn.Ping(ctx); err != nil {
		err = fmt.Errorf("CLICKHOUSE_URL: ClickHouse does not answer: %w", err)
		return errors.Join(err, conn.Close())
	}
	return conn.Close()
}

func (c Config) reachKafka(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(c.KafkaBrokers...))
	if err != nil {
		return fmt.Errorf("KAFKA_BROKERS: %w", err)
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return fmt.Errorf("KAFKA_BROKERS: Kafka does not answer: %w", err)
	}
	return nil
}

func (c Config) reachRedis(ctx context.Context) error {
	client, err := openRedis(c.RedisURL)
	if err != nil {
		return err // connect reports it
	}
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("REDIS_URL: Redis does not answer: %w", err)
	}
	return nil
}

// clients are the connections that all modules share.
type clients struct {
	store      *eventstore.Store
	clickhouse driver.Conn
	redis      *redis.Client
}

// connect opens the clients; reach has asked their engines before.
func connect(ctx context.Context, c Config, events eventstore.Config) (_ *clients, err error) {
	k := &clients{}
	defer func() {
		if err != nil {
			k.close()
		}
	}()
	if k.store, err = eventstore.Open(ctx, events); err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	if k.clickhouse, err = openClickHouse(c.ClickHouseURL); err != nil {
		return nil, err
	}
	k.redis, err = openRedis(c.RedisURL)
	return k, err
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
