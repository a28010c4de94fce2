package service

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
	"github.com/oksai/oksai/handwritten/runtime/timer"
)

// gaugeEvery is how often the gauges that PostgreSQL answers are read.
const gaugeEvery = 5 * time.Second

// metrics are a process's, each kind shared by all who count in it.
type metrics struct {
	registry    *prometheus.Registry
	projections *projection.Metrics
	consumers   *consume.Metrics
	reactions   *reaction.Metrics
	timers      *timer.Metrics
}

func newMetrics() metrics {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return metrics{r, projection.NewMetrics(r), consume.NewMetrics(r), reaction.NewMetrics(r), timer.NewMetrics(r)}
}

// gauges are what PostgreSQL knows of the whole platform. Every process shows
// the same, so that an alert does not depend on which of them lives.
type gauges struct {
	store     *eventstore.Store
	letters   *reaction.DeadLetters
	watermark prometheus.Gauge
	parked    *prometheus.GaugeVec
}

func (p *process) newGauges() gauges {
	factory := promauto.With(p.metrics.registry)
	return gauges{
		store: p.clients.store, letters: reaction.NewDeadLetters(p.clients.store, p.clock),
		watermark: factory.NewGauge(prometheus.GaugeOpts{
			Name: "oksai_log_watermark_age_seconds",
			Help: "Age of the oldest event that an open transaction holds back from the log's readers, 0 if none is.",
		}),
		parked: factory.NewGaugeVec(prometheus.GaugeOpts{
			Name: "oksai_dead_letters", Help: "Events that are parked now.",
		}, []string{"consumer"}),
	}
}

// run reads the gauges until ctx ends. While PostgreSQL is away they stay as they were.
func (g gauges) run(ctx context.Context) error {
	tick := time.NewTicker(gaugeEvery)
	defer tick.Stop()
	for {
		g.read(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (g gauges) read(ctx context.Context) {
	if age, err := g.store.WatermarkAge(ctx); err == nil {
		g.watermark.Set(age.Seconds())
	}
	groups, err := g.letters.Groups(ctx)
	if err != nil {
		return
	}
	parked := map[string]float64{}
	for _, group := range groups {
		name, _, _ := strings.Cut(group.Consumer, "@") // a version would be a new label with each release
		parked[name] += float64(group.Count)
	}
	g.parked.Reset()
	for name, n := range parked {
		g.parked.WithLabelValues(name).Set(n)
	}
}
