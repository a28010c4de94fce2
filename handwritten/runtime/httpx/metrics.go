package httpx

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count requests. The labels are bounded: the operations are those of
// the spec, and there is none for the tenant or the path.
type metrics struct {
	app      string
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(app string, registry *prometheus.Registry) (*metrics, error) {
	labels := []string{"app", "operation", "status"}
	m := &metrics{
		app: app,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests answered, by operation and class of status.",
		}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time from the first byte read to the last written, by operation and class of status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, labels),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("httpx: register metrics: %w: give each server a Registry of its own", err)
		}
	}
	return m, nil
}

func (m *metrics) observe(operation, status string, took time.Duration) {
	if operation == "" {
		operation = "none"
	}
	m.requests.WithLabelValues(m.app, operation, status).Inc()
	m.duration.WithLabelValues(m.app, operation, status).Observe(took.Seconds())
}
