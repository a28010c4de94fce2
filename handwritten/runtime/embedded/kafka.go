package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// KafkaPartitions is the number of partitions of every topic that the embedded
// Kafka creates. It never changes: it decides which partition a key is in.
const KafkaPartitions = 4

// Limits of the disk that records take. A consumer that is further behind than
// this has lost records, as with any Kafka; the event store has them all.
const (
	kafkaRetentionBytes = "536870912" // of one partition: 512 MiB
	kafkaSegmentBytes   = "33554432"  // what is deleted at once: 32 MiB
	kafkaCleaningMillis = "60000"
	kafkaTopicsEvery    = time.Minute
)

// kafka is a broker inside this process: one node, topics made on first use,
// data on disk.
type kafka struct {
	cluster *kfake.Cluster
	log     *slog.Logger
}

// kafkaPortTries is how many ports are tried: between looking for a free one and
// listening on it, another process may have taken it.
const kafkaPortTries = 5

func startKafka(ctx context.Context, o Options, brokers *[]string) (running engine, err error) {
	for range kafkaPortTries {
		running, err = startKafkaOn(ctx, o, brokers)
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return running, err
}

func startKafkaOn(ctx context.Context, o Options, brokers *[]string) (engine, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	options := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.Ports(port),
		kfake.AllowAutoTopicCreation(),
		kfake.DefaultNumPartitions(KafkaPartitions),
		kfake.DataDir(filepath.Join(o.Dir, "kafka")),
		kfake.BrokerConfigs(map[string]string{
			"log.cleaner.backoff.ms": kafkaCleaningMillis,
			"log.segment.bytes":      kafkaSegmentBytes,
		}),
	}
	if !o.NoSync {
		options = append(options, kfake.SyncWrites())
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return nil, fmt.Errorf("embedded: start kafka: %w", err)
	}
	if err := endTransactions(ctx, cluster.ListenAddrs()); err != nil {
		cluster.Close()
		return nil, err
	}
	*brokers = cluster.ListenAddrs()
	return kafka{cluster, o.Log}, nil
}

// Supervise bounds the disk that each topic takes. The broker deletes old
// records only of topics that say so themselves, and a topic made on first use
// says nothing.
func (k kafka) Supervise(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.cluster.ListenAddrs()...))
	if err != nil {
		return fmt.Errorf("embedded: kafka client: %w", err)
	}
	defer client.Close()
	tick := time.NewTicker(kafkaTopicsEvery)
	defer tick.Stop()
	for {
		if err := boundTopics(ctx, kadm.NewClient(client)); err != nil && ctx.Err() == nil {
			k.log.Warn("embedded kafka keeps old records", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func boundTopics(ctx context.Context, admin *kadm.Client) error {
	topics, err := admin.ListTopics(ctx)
	if err != nil || len(topics) == 0 {
		return err
	}
	limit := kafkaRetentionBytes
	set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.bytes", Value: &limit}}
	_, err = admin.AlterTopicConfigs(ctx, set, topics.Names()...)
	return err
}

// Stop implements engine.
func (k kafka) Stop(context.Context) error {
	k.cluster.Close()
	return nil
}
