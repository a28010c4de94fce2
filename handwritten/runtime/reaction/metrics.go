package reaction

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts the work of a process's reactions; the only label is the reaction's name.
type Metrics struct {
	handled, retries, parked *prometheus.CounterVec
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	factory := promauto.With(registry)
	counter := func(name, help string) *prometheus.CounterVec {
		return factory.NewCounterVec(prometheus.CounterOpts{Name: "oksai_reaction_" + name, Help: help}, []string{"reaction"})
	}
	return &Metrics{
		handled: counter("handled_total", "Events that were answered with a command."),
		retries: counter("retries_total", "Attempts that failed and were followed by another."),
		parked:  counter("parked_total", "Events parked as dead letters, those behind a parked one included."),
	}
}
