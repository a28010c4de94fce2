package operations

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// lagWithin bounds the questions to a Kafka that may be away.
const lagWithin = 5 * time.Second

// MeasureLag asks Kafka how much each consumer's group has left to read.
func (o *Operations) MeasureLag(ctx context.Context, all []Consumer) error {
	ctx, cancel := context.WithTimeout(ctx, lagWithin)
	defer cancel()
	client, err := o.config.Bus.Client()
	if err != nil {
		return fmt.Errorf("open a Kafka client: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for i := range all {
		committed, err := admin.FetchOffsets(ctx, all[i].Name)
		if errors.Is(err, kerr.GroupIDNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the offsets of group %s: %w", all[i].Name, err)
		}
		if len(committed) == 0 {
			continue
		}
		// Records of a transaction that is still open cannot be read yet: they are no lag.
		ends, err := admin.ListCommittedOffsets(ctx, slices.Collect(maps.Keys(committed))...)
		if err != nil {
			return fmt.Errorf("read the ends of the topics of group %s: %w", all[i].Name, err)
		}
		all[i].Lag = lag(committed, ends)
	}
	return nil
}

func lag(committed kadm.OffsetResponses, ends kadm.ListedOffsets) *int64 {
	var sum int64
	committed.Each(func(o kadm.OffsetResponse) {
		if end, found := ends.Lookup(o.Topic, o.Partition); found && end.Offset > o.At {
			sum += end.Offset - o.At
		}
	})
	return &sum
}
