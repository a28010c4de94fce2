package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

const (
	visibleWithin = 15 * time.Second
	lookAgain     = 50 * time.Millisecond
)

// Ensure creates the log topic and the modules' public topics where they are
// missing. It fails when the log topic has another number of partitions than
// the configuration says: tenants would be looked for in the wrong partition.
func (c Config) Ensure(ctx context.Context, modules ...string) error {
	client, err := c.Client()
	if err != nil {
		return fmt.Errorf("open a Kafka client: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	topics := []string{c.LogTopic()}
	for _, module := range modules {
		topics = append(topics, c.EventsTopic(module))
	}
	if err := c.create(ctx, admin, topics); err != nil {
		return err
	}
	return c.checkPartitions(ctx, admin)
}

func (c Config) create(ctx context.Context, admin *kadm.Client, topics []string) error {
	answers, err := admin.CreateTopics(ctx, c.PartitionCount(), c.replication(), nil, topics...)
	if err != nil {
		return fmt.Errorf("create topics %v: %w", topics, err)
	}
	for _, answer := range answers.Sorted() {
		if answer.Err != nil && !errors.Is(answer.Err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s (%s): %w", answer.Topic, answer.ErrMessage, answer.Err)
		}
	}
	return nil
}

// checkPartitions waits until the brokers know the log topic, which takes them a
// moment, and looks at it.
func (c Config) checkPartitions(ctx context.Context, admin *kadm.Client) error {
	ctx, cancel := context.WithTimeout(ctx, visibleWithin)
	defer cancel()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		have, err := c.countPartitions(ctx, admin)
		if want := int(c.PartitionCount()); err == nil && have != want {
			return fmt.Errorf("topic %s has %d partitions and the configuration says %d: set the configuration to %[2]d, tenants are placed by that number", c.LogTopic(), have, want)
		}
		if !errors.Is(err, kerr.UnknownTopicOrPartition) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

func (c Config) countPartitions(ctx context.Context, admin *kadm.Client) (int, error) {
	topics, err := admin.ListTopics(ctx, c.LogTopic())
	if err == nil {
		err = topics[c.LogTopic()].Err
	}
	if err != nil {
		return 0, fmt.Errorf("look at topic %s: %w", c.LogTopic(), err)
	}
	return len(topics[c.LogTopic()].Partitions), nil
}
