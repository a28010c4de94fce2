// Package bus is the platform's shape on Kafka: its topics, its partitions, and
// how one recorded event becomes one record and is read back.
//
// Two kinds of topic exist. The internal log carries every event, keyed by
// tenant, so that all of a tenant's events are in one partition in log order.
// A module's public topic carries what the spec publishes, keyed by stream.
package bus

import (
	"cmp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	defaultPartitions  = 12
	defaultReplication = -1
	defaultTopic       = "{module}-events"
)

// Config says where Kafka is and how the platform is laid out on it.
type Config struct {
	// Platform names the internal topic and the relay's transactional id.
	Platform string
	// Brokers are the seed brokers, host:port.
	Brokers []string
	// Partitions is the log topic's partition count; 0 means 12. It decides which
	// partition a tenant is in, so it must not change once the topic exists.
	Partitions int32
	// Replication is the replication factor of new topics; 0 means the broker's default.
	Replication int16
	// Topic is the pattern of the public topics' names; empty means "{module}-events".
	Topic string
	// Topics are the public topics that do not follow the pattern, by module.
	Topics map[string]string
	// Options add what a cluster demands of its clients: TLS, SASL, a dialer.
	Options []kgo.Opt
}

// LogTopic is the internal topic that carries every event.
func (c Config) LogTopic() string { return c.Platform + "-log" }

// EventsTopic is the module's public topic.
func (c Config) EventsTopic(module string) string {
	if topic, named := c.Topics[module]; named {
		return topic
	}
	return strings.ReplaceAll(cmp.Or(c.Topic, defaultTopic), "{module}", module)
}

// PartitionCount is the number of partitions of each of the platform's topics.
func (c Config) PartitionCount() int32 { return cmp.Or(c.Partitions, defaultPartitions) }

// PartitionOf is the log partition that holds the tenant's events. It asks the
// very partitioner that producers use, so the two cannot disagree.
func (c Config) PartitionOf(tenant uuid.UUID) int32 {
	record := &kgo.Record{Key: tenant[:]}
	return int32(partitioner().ForTopic(c.LogTopic()).Partition(record, int(c.PartitionCount())))
}

// Client opens a client for the platform's cluster. The caller closes it.
func (c Config) Client(opts ...kgo.Opt) (*kgo.Client, error) {
	base := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.RecordPartitioner(partitioner()),
		// Every client would measure and compress its own story for the broker (KIP-714); the app's is on /metrics.
		kgo.DisableClientMetrics()}
	return kgo.NewClient(append(append(base, c.Options...), opts...)...)
}

func (c Config) replication() int16 { return cmp.Or(c.Replication, defaultReplication) }

// partitioner hashes keys as Kafka's own clients do.
func partitioner() kgo.Partitioner { return kgo.StickyKeyPartitioner(nil) }

// takeOver is the least session time-out that brokers accept.
const takeOver = 6 * time.Second

// Group are the options of a member of a consumer group. A member that died is
// missed after the session time-out, and the others hear of it with their next
// heartbeat, so that they take over within 10 s. The rebalance time-out is as
// short as the session's, since it is what a group waits for a member that died
// while it was joining; one that is only slow has its records delivered again,
// which the checkpoint or the inbox makes harmless.
func Group(name string) []kgo.Opt {
	return []kgo.Opt{
		kgo.ConsumerGroup(name), kgo.SessionTimeout(takeOver), kgo.RebalanceTimeout(takeOver), kgo.HeartbeatInterval(takeOver / 12),
	}
}
