package consume

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts the work of a process's consumers. The only label is the
// consumer's name, without the version that a projection's has.
type Metrics struct {
	events, failures *prometheus.CounterVec
	lag, paused      *prometheus.Desc

	mu        sync.Mutex
	consumers []*Consumer
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	factory, labels := promauto.With(registry), []string{"consumer"}
	m := &Metrics{
		events:   factory.NewCounterVec(prometheus.CounterOpts{Name: "oksai_consumer_events_total", Help: "Events of the log applied, of all types."}, labels),
		failures: factory.NewCounterVec(prometheus.CounterOpts{Name: "oksai_consumer_failures_total", Help: "Batches of the log that failed and were tried again."}, labels),
		lag:      prometheus.NewDesc("oksai_consumer_lag_records", "Records in Kafka that are not applied yet, in the partitions that this process owns.", labels, nil),
		paused:   prometheus.NewDesc("oksai_consumer_paused", "1 while an operator has paused the consumer.", labels, nil),
	}
	registry.MustRegister(m)
	return m
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.lag
	to <- m.paused
}

// Collect implements prometheus.Collector: what is a state is asked for when it is wanted.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.consumers {
		var lag int64
		status := c.Status()
		for _, p := range status.Partitions {
			lag += p.Lag
		}
		paused := 0.0
		if status.Paused {
			paused = 1
		}
		to <- prometheus.MustNewConstMetric(m.lag, prometheus.GaugeValue, float64(lag), label(c.config.Name))
		to <- prometheus.MustNewConstMetric(m.paused, prometheus.GaugeValue, paused, label(c.config.Name))
	}
}

// watch makes the consumer's state part of the metrics. Names are unique in a process.
func (m *Metrics) watch(c *Consumer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.consumers = append(m.consumers, c)
}

func label(consumer string) string {
	name, _, _ := strings.Cut(consumer, "@")
	return name
}
