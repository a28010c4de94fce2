package embedded_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestKafkaCrashedInATransaction: what a producer commits after the broker's
// crash is read, and what was open at the crash is not, also after another one.
func TestKafkaCrashedInATransaction(t *testing.T) {
	t.Parallel()
	options := embedded.Options{Dir: t.TempDir(), Kafka: true, NoSync: true}
	open := transaction(t, start(t, options).KafkaBrokers)
	if _, err := kadm.NewClient(open).CreateTopic(t.Context(), 1, 1, nil, "log"); err != nil {
		t.Fatal(err)
	}
	write(t, open, "open")

	options = crashed(t, options)
	brokers := start(t, options).KafkaBrokers
	commit(t, transaction(t, brokers), "committed")
	if got := read(t, brokers, "committed"); got != "committed" {
		t.Errorf("after a crash, what was committed reads %q", got)
	}

	options = crashed(t, options)
	brokers = start(t, options).KafkaBrokers
	commit(t, transaction(t, brokers), "last")
	if got := read(t, brokers, "last"); got != "committed last" {
		t.Errorf("after another crash, what was committed reads %q", got)
	}
}

// crashed is what a kill of the engines now would leave on the disk.
func crashed(t *testing.T, o embedded.Options) embedded.Options {
	left := t.TempDir()
	if err := os.CopyFS(filepath.Join(left, "kafka"), os.DirFS(filepath.Join(o.Dir, "kafka"))); err != nil {
		t.Fatal(err)
	}
	o.Dir = left
	return o
}

func transaction(t *testing.T, brokers []string) *kgo.Client {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.TransactionalID("relay"), kgo.DefaultProduceTopic("log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	return client
}

func write(t *testing.T, client *kgo.Client, text string) {
	if err := client.ProduceSync(t.Context(), kgo.StringRecord(text)).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T, client *kgo.Client, text string) {
	write(t, client, text)
	if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
}

// read returns the committed records up to the one that is known to be there.
func read(t *testing.T, brokers []string, last string) (all string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("log"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("read %q, then: %v", all, err)
		}
		for record := range fetches.RecordsAll() {
			if all != "" {
				all += " "
			}
			if all += string(record.Value); string(record.Value) == last {
				return all
			}
		}
	}
}
