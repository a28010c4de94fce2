package timer

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts the work of a process's timers; the only label is the aggregate, e.g. "job.Job".
type Metrics struct {
	fired, refused, failures *prometheus.CounterVec
	lateness                 *prometheus.HistogramVec
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	factory, labels := promauto.With(registry), []string{"aggregate"}
	counter := func(name, help string) *prometheus.CounterVec {
		return factory.NewCounterVec(prometheus.CounterOpts{Name: "oksai_timer_" + name, Help: help}, labels)
	}
	return &Metrics{
		fired:    counter("fired_total", "Timers whose command was executed."),
		refused:  counter("refused_total", "Timers cleared because a rule refused their command."),
		failures: counter("failures_total", "Timers that failed and come back."),
		lateness: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name: "oksai_timer_lateness_seconds", Help: "Time from when a timer was due to when it was handled.",
			Buckets: []float64{.1, .5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600},
		}, labels),
	}
}

func (a aggregate) String() string { return a.module + "." + a.typ }
