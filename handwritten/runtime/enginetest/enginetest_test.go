package enginetest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func TestPostgresDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	first, second := enginetest.Postgres(t), enginetest.Postgres(t)
	connect(t, first, "CREATE TABLE t (a int)")
	connect(t, second, "CREATE TABLE t (a int)")
}

func connect(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestKafkaCreatesTopics(t *testing.T) {
	t.Parallel()
	client, err := kgo.NewClient(kgo.SeedBrokers(enginetest.Kafka(t)...), kgo.AllowAutoTopicCreation(),
		kgo.DefaultProduceTopic("first"), kgo.ConsumeTopics("first"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), kgo.StringRecord("hello")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	fetches := client.PollFetches(t.Context())
	if err := fetches.Err(); err != nil {
		t.Fatal(err)
	}
	if got := string(fetches.Records()[0].Value); got != "hello" {
		t.Errorf("got %q", got)
	}
}

func TestRedisAnswers(t *testing.T) {
	t.Parallel()
	options, err := redis.ParseURL(enginetest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
}
