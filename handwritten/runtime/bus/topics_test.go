package bus_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func TestEnsureCreatesOnceAndRefusesAnotherPartitionCount(t *testing.T) {
	t.Parallel()
	config := bus.Config{Platform: "p" + uuid.NewString(), Brokers: enginetest.Kafka(t), Partitions: 5}
	for range 2 {
		if err := config.Ensure(t.Context(), "job", "tenant"); err != nil {
			t.Fatal(err)
		}
	}
	config.Partitions = 6
	if err := config.Ensure(t.Context()); err == nil || !strings.Contains(err.Error(), "has 5 partitions and the configuration says 6") {
		t.Errorf("Ensure with another count = %v, want a refusal that names both", err)
	}
}

func TestNamesOfPublicTopics(t *testing.T) {
	t.Parallel()
	named := map[string]string{"tenant": "organisations"}
	for want, got := range map[string]string{
		"job-events":    bus.Config{}.EventsTopic("job"),
		"acme-job":      bus.Config{Topic: "acme-{module}", Topics: named}.EventsTopic("job"),
		"organisations": bus.Config{Topic: "acme-{module}", Topics: named}.EventsTopic("tenant"),
	} {
		if got != want {
			t.Errorf("the topic is %q, want %q", got, want)
		}
	}
}
