package embedded

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// endTransactions ends the transactions that were open when the broker crashed.
// The broker itself gives them up when it loads its data, but writes no marker
// that says where they end. Without one, readers take what the same producer
// commits afterwards for more of the transaction that was given up, and lose it;
// and the broker, when it loads its data again, takes all of it for committed.
// An abort marker where no transaction was open means nothing.
func endTransactions(ctx context.Context, brokers []string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return fmt.Errorf("embedded: kafka client: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	producers, err := admin.DescribeTransactions(ctx)
	if err != nil {
		return fmt.Errorf("embedded: list kafka's transactions: %w", err)
	}
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		return fmt.Errorf("embedded: list kafka's topics: %w", err)
	}
	for _, producer := range producers {
		written, err := admin.WriteTxnMarkers(ctx, kadm.TxnMarkers{
			ProducerID: producer.ProducerID, ProducerEpoch: producer.ProducerEpoch, Topics: topics.TopicsSet(),
		})
		if err == nil {
			written.EachPartition(func(p kadm.TxnMarkersPartitionResponse) {
				if err == nil && p.Err != nil {
					err = p.Err
				}
			})
		}
		if err != nil {
			return fmt.Errorf("embedded: end kafka's transaction %s: %w", producer.TxnID, err)
		}
	}
	return nil
}
