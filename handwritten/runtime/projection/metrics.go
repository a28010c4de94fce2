package projection

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts the work of projections; the only label is the projection's name.
type Metrics struct {
	events, rows, parked, failures *prometheus.CounterVec
	seconds                        *prometheus.HistogramVec
	rebuilding                     *prometheus.GaugeVec
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	factory, labels := promauto.With(registry), []string{"projection"}
	counter := func(name, help string) *prometheus.CounterVec {
		return factory.NewCounterVec(prometheus.CounterOpts{Name: "oksai_projection_" + name, Help: help}, labels)
	}
	return &Metrics{
		events:   counter("events_total", "Events read, of all types."),
		rows:     counter("rows_total", "Rows written."),
		parked:   counter("parked_streams_total", "Streams left out because of an event that could not be taken."),
		failures: counter("failures_total", "Batches that failed and were tried again."),
		seconds: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name: "oksai_projection_batch_seconds", Help: "Time from a batch to its stored rows.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2, 14),
		}, labels),
		rebuilding: factory.NewGaugeVec(prometheus.GaugeOpts{
			Name: "oksai_projection_rebuilt_events", Help: "Events folded by the rebuild at work, 0 when there is none.",
		}, labels),
	}
}

func (m *Metrics) batch(projection string, events, rows int, took time.Duration, err error) {
	m.seconds.WithLabelValues(projection).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(projection).Inc()
		return
	}
	m.events.WithLabelValues(projection).Add(float64(events))
	m.rows.WithLabelValues(projection).Add(float64(rows))
}
