package isolationtest

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oksai/oksai/handwritten/runtime/bus"
)

// searchKafka: every record says of which tenant it is, as PostgreSQL does.
func (a *attempt) searchKafka(t testing.TB) {
	t.Helper()
	events := map[string]string{}
	for _, line := range a.texts(t, "SELECT event_id::text || tenant_id::text FROM oksai.events") {
		events[line[:36]] = line[36:]
	}
	for _, r := range a.records(t) {
		headers := bus.Headers(r)
		id, tenant := headers[bus.HeaderID], headers[bus.HeaderTenant]
		if tenant == "" || events[id] != tenant {
			a.report.leak("Kafka's record %s/%d@%d says that event %s is of tenant %q, and PostgreSQL says %q", r.Topic, r.Partition, r.Offset, id, tenant, events[id])
		}
		if strings.Contains(string(r.Value), a.victim.canary) && tenant != a.victim.tenant.String() {
			a.report.leak("Kafka's record %s/%d@%d of tenant %s has the canary", r.Topic, r.Partition, r.Offset, tenant)
		}
	}
}

// records are all that the app has published.
func (a *attempt) records(t testing.TB) (all []*kgo.Record) {
	t.Helper()
	// The ends of transactions are records, too: with them each partition's last one is seen.
	client, err := kgo.NewClient(kgo.SeedBrokers(a.Engines.KafkaBrokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	check(t, err)
	defer client.Close()
	left := unread(t, client)
	client.AddConsumePartitions(fromStart(left))
	for len(left) > 0 {
		fetches := client.PollFetches(t.Context())
		check(t, fetches.Err())
		for _, r := range fetches.Records() {
			if place := (partition{r.Topic, r.Partition}); r.Offset+1 >= left[place] {
				delete(left, place)
			}
			if !r.Attrs.IsControl() {
				all = append(all, r)
			}
		}
	}
	return all
}

// partition is one of Kafka's.
type partition struct {
	topic  string
	number int32
}

// unread are the ends of all partitions that have any records.
func unread(t testing.TB, client *kgo.Client) map[partition]int64 {
	t.Helper()
	ends, err := kadm.NewClient(client).ListCommittedOffsets(t.Context())
	check(t, err)
	left := map[partition]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		if end.Offset > 0 {
			left[partition{end.Topic, end.Partition}] = end.Offset
		}
	})
	return left
}

func fromStart(left map[partition]int64) map[string]map[int32]kgo.Offset {
	from := map[string]map[int32]kgo.Offset{}
	for place := range left {
		if from[place.topic] == nil {
			from[place.topic] = map[int32]kgo.Offset{}
		}
		from[place.topic][place.number] = kgo.NewOffset().AtStart()
	}
	return from
}
