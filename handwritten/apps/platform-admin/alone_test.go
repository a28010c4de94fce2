package main

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/gen/tenant"
	identityrules "github.com/oksai/oksai/handwritten/domains/identity"
	jobrules "github.com/oksai/oksai/handwritten/domains/job"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/isolation/isolationtest"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
)

// TestAloneItPublishesForAllApps: the one relay of the platform may be this
// app's. What the API of another app wrote, of a module that this one does not
// have, is published too, on a Kafka that makes no topic by itself.
func TestAloneItPublishesForAllApps(t *testing.T) {
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	address := kafka.ListenAddrs()[0]
	t.Setenv("KAFKA_BROKERS", address)
	app := newApp()
	app.Demo = nil
	r := isolationtest.Serve(t, app)
	createJob(t, r.Engines.PostgresURL)
	awaitRecord(t, address, "job-events")
}

// createJob is what platform-api does with POST /jobs.
func createJob(t *testing.T, database string) {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	defer outboxtest.Go(t, store.Run)()
	members := identity.NewRepositories(store, identityrules.Rules{})
	jobs := job.NewJobs(job.NewRepositories(store), jobrules.Rules{}, members, tenant.NewRepositories(store))
	if _, err := platformtest.Create(t.Context(), jobs.Repository(), uuid.New(), uuid.New(), jobs.CreateJob, job.CreateJob{Title: "Ship it", Priority: job.PriorityNormal}); err != nil {
		t.Fatal(err)
	}
}

// awaitRecord waits until a topic has something that was committed.
func awaitRecord(t *testing.T, kafka, topic string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), outboxtest.Within)
	defer cancel()
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("nothing was published to %s", topic)
		}
		if fetches.NumRecords() > 0 {
			return
		}
	}
}
