package enginetest

import (
	"os"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/twmb/franz-go/pkg/kfake"
)

// kafkaEnv chooses the Kafka of the tests: "real" is an Apache Kafka, anything
// else a broker inside the test process.
const kafkaEnv = "OKSAI_TEST_KAFKA"

// KafkaIsReal tells whether Kafka is an Apache Kafka.
func KafkaIsReal() bool { return os.Getenv(kafkaEnv) == "real" }

// Kafka is the addresses of a broker that creates topics on first use, with
// embedded.KafkaPartitions partitions. A real Kafka is shared by the tests that
// run at the same time, so these choose topic names and groups of their own.
func Kafka(t testing.TB) []string {
	t.Helper()
	if KafkaIsReal() {
		return realKafka(t)
	}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.AllowAutoTopicCreation(),
		kfake.DefaultNumPartitions(embedded.KafkaPartitions),
	)
	if err != nil {
		t.Fatalf("enginetest: start kafka: %v", err)
	}
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()
}
