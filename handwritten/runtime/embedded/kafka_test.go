package embedded_test

import (
	"fmt"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestKafkaTopicsHaveFixedPartitionsAndBoundedSize(t *testing.T) {
	t.Parallel()
	options := embedded.Options{Dir: t.TempDir(), Kafka: true, NoSync: true}
	first, err := embedded.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	produce(t, first.KafkaBrokers)
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(start(t, options).KafkaBrokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	eventually(t, func() error {
		configs, err := admin.DescribeTopicConfigs(t.Context(), "kept")
		if err != nil {
			return err
		}
		for _, config := range configs[0].Configs {
			if config.Key == "retention.bytes" && config.MaybeValue() == "536870912" {
				return nil
			}
		}
		return fmt.Errorf("the topic's size is unbounded: %v", configs)
	})
	topics, err := admin.ListTopics(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	if got := len(topics["kept"].Partitions); got != embedded.KafkaPartitions {
		t.Errorf("%d partitions, want %d", got, embedded.KafkaPartitions)
	}
}
