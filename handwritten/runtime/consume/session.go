package consume

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// fetchMaxWait keeps an idle consumer from holding a fetch for long: brokers
	// answer one fetch of a connection at a time.
	fetchMaxWait = 250 * time.Millisecond
	// A process has a consumer for each read model and each reaction, and all of
	// them are behind at the same time: what each may have in hand is bounded.
	fetchMaxBytes          = 4 << 20
	fetchMaxPartitionBytes = 512 << 10
)

// session is one membership of the consumer group, with a worker for each
// partition that the group gave to this process.
func (c *Consumer) session(ctx context.Context) error {
	var client *kgo.Client
	opened := make(chan struct{}) // the group may assign partitions before the client is returned
	client, err := c.config.Bus.Client(append(bus.Group(c.config.Name),
		kgo.ConsumeTopics(c.config.Bus.LogTopic()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // they count in the offsets, so in the lag
		kgo.FetchMaxWait(fetchMaxWait),
		kgo.FetchMaxBytes(fetchMaxBytes),
		kgo.FetchMaxPartitionBytes(fetchMaxPartitionBytes),
		kgo.DisableAutoCommit(),
		// A poll's records must reach their workers before a partition can move:
		// records of an old assignment in a new worker's queue would be ahead of
		// those that the new assignment starts with.
		kgo.BlockRebalanceOnPoll(),
		// Kafka must not choose where to go on when records are gone. The error
		// ends the session, and the next one reads them from PostgreSQL.
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { c.release(lost) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { c.release(lost) }),
		kgo.AdjustFetchOffsetsFn(func(assigned context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
			<-opened
			return c.assign(ctx, assigned, client, offsets)
		}))...)
	if err != nil {
		return fmt.Errorf("open a Kafka client: %w", err)
	}
	close(opened)
	defer func() { c.release(c.assigned()) }() // what was assigned while closing
	defer client.CloseAllowingRebalance()
	defer func() { c.release(c.assigned()) }()
	return c.poll(ctx, client)
}

func (c *Consumer) poll(ctx context.Context, client *kgo.Client) error {
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		err := fetches.Err0()
		fetches.EachError(func(_ string, _ int32, e error) { err = errors.Join(err, e) })
		if err == nil {
			c.deliver(fetches)
		}
		client.AllowRebalance()
		if err != nil {
			return fmt.Errorf("fetch from topic %s: %w", c.config.Bus.LogTopic(), err)
		}
		c.setErr(nil)
	}
}

func (c *Consumer) deliver(fetches kgo.Fetches) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if w := c.workers[p.Partition]; w != nil {
			w.queue.push(p.Records, p.LastStableOffset)
		}
	})
}

// assign starts the workers of the partitions that this process now owns, and
// says where in Kafka each goes on.
func (c *Consumer) assign(ctx, assigned context.Context, client *kgo.Client, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	topic := c.config.Bus.LogTopic()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(assigned, topic)
	if err != nil {
		return nil, fmt.Errorf("list the first offsets of topic %s: %w", topic, err)
	}
	ends, err := admin.ListEndOffsets(assigned, topic)
	if err != nil {
		return nil, fmt.Errorf("list the end offsets of topic %s: %w", topic, err)
	}
	for partition, offset := range offsets[topic] {
		start, _ := starts.Lookup(topic, partition)
		end, _ := ends.Lookup(topic, partition)
		committed := offset.EpochOffset().Offset
		known := committed >= start.Offset && committed <= end.Offset
		if !known {
			offsets[topic][partition] = kgo.NewOffset().AtStart()
		}
		c.startWorker(ctx, client, partition)
	}
	return offsets, nil
}

func (c *Consumer) startWorker(ctx context.Context, client *kgo.Client, partition int32) {
	topic := c.config.Bus.LogTopic()
	c.release(map[string][]int32{topic: {partition}})
	client.ResumeFetchPartitions(map[string][]int32{topic: {partition}})
	w := newWorker(c, client, partition)
	w.start(ctx) // before a session that ends can find it, to stop it
	c.mu.Lock()
	c.workers[partition] = w
	c.mu.Unlock()
}

// release stops the workers of partitions and returns when the batches they
// have in hand are finished or abandoned, so that the next owner can go on.
func (c *Consumer) release(lost map[string][]int32) {
	c.mu.Lock()
	var stopping []*worker
	for _, partition := range lost[c.config.Bus.LogTopic()] {
		if w := c.workers[partition]; w != nil {
			stopping = append(stopping, w)
			delete(c.workers, partition)
		}
	}
	c.mu.Unlock()
	for _, w := range stopping {
		w.cancel()
	}
	for _, w := range stopping {
		<-w.done
	}
}

func (c *Consumer) assigned() map[string][]int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string][]int32{c.config.Bus.LogTopic(): slices.Collect(maps.Keys(c.workers))}
}

// commit tells Kafka how far the partition is applied. It is a hint, so losing
// it to a rebalance is no harm.
func (w *worker) commit(ctx context.Context, last *kgo.Record) {
	err := w.client.CommitRecords(ctx, last)
	var known *kerr.Error
	if err != nil && ctx.Err() == nil && !errors.As(err, &known) {
		w.log.Warn("the offset could not be committed to Kafka", "offset", last.Offset, "error", err)
	}
}

// errGap says that Kafka does not hold all that follows the checkpoint: a broker
// that crashed has lost it, or never showed it to readers.
var errGap = errors.New("the log in Kafka has a gap")

// decode reads records back into events, leaving out Kafka's own markers and
// what is applied already.
func decode(records []*kgo.Record, after event.Position) ([]event.Recorded, error) {
	events := make([]event.Recorded, 0, len(records))
	for _, record := range records {
		if record.Attrs.IsControl() {
			continue
		}
		e, err := bus.Decode(record)
		if err != nil {
			return nil, err
		}
		if !e.Position.After(after) {
			continue
		}
		if !bus.Follows(record, after) {
			return nil, errGap
		}
		events, after = append(events, e), e.Position
	}
	return events, nil
}
