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

// Kafka is the addresses of a broker that creates topics on first use, with
// embedded.KafkaPartitions partitions. A real Kafka is shared by all tests, so
// tests choose topic names and groups of their own.
func Kafka(t testing.TB) []string {
	t.Helper()
	if os.Getenv(kafkaEnv) == "real" {
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
