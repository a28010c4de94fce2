package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/prometheus/client_golang/prometheus"
)

// maxLag is where counting the unpublished events stops: it says enough.
const maxLag = 100_000

// Status is what an operator sees of the platform's relay, whichever process
// it works in.
type Status struct {
	// Active tells whether a relay holds the lease.
	Active bool `json:"active"`
	// Position is up to where the log is published.
	Position event.Position `json:"position"`
	// Published counts the events published since the beginning.
	Published int64 `json:"published"`
	// Lag is the number of events that are not published yet, counted to 100 000.
	Lag int64 `json:"lag"`
	// LastError is why the relay last gave up a page; empty once it went on.
	LastError string `json:"last_error"`
	// UpdatedAt is when the position last moved.
	UpdatedAt time.Time `json:"updated_at"`
}

const statusSQL = `
SELECT leased_until > now(), epoch, xid, seq, count, last_error, updated_at FROM oksai.relays WHERE name = $1`

const lagSQL = `
SELECT count(*) FROM (SELECT FROM oksai.events WHERE (epoch, xid, seq) > ($1, $2, $3) LIMIT $4) AS unpublished`

// Status is StatusOf the relay's platform.
func (r *Relay) Status(ctx context.Context) (Status, error) {
	return StatusOf(ctx, r.config.Reader, r.config.Bus.Platform)
}

// StatusOf reads the state of the platform's relay from PostgreSQL.
func StatusOf(ctx context.Context, reader *pgxpool.Pool, platform string) (Status, error) {
	var s Status
	var epoch int32
	row := reader.QueryRow(ctx, statusSQL, platform)
	err := row.Scan(&s.Active, &epoch, &s.Position.XID, &s.Position.Seq, &s.Published, &s.LastError, &s.UpdatedAt)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // no row: no relay ever ran
		return Status{}, fmt.Errorf("read the relay's status: %w", err)
	}
	s.Position.Epoch, s.UpdatedAt = uint16(epoch), s.UpdatedAt.UTC()
	if err := reader.QueryRow(ctx, lagSQL, epoch, s.Position.XID, s.Position.Seq, maxLag).Scan(&s.Lag); err != nil {
		return Status{}, fmt.Errorf("count the unpublished events: %w", err)
	}
	return s, nil
}

type metrics struct {
	published, failures prometheus.Counter
	lag, leading        prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		published: prometheus.NewCounter(prometheus.CounterOpts{Name: "oksai_relay_published_events_total", Help: "Events this process published to Kafka."}),
		failures:  prometheus.NewCounter(prometheus.CounterOpts{Name: "oksai_relay_failures_total", Help: "Times publishing was given up and tried again."}),
		lag:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "oksai_relay_lag_seconds", Help: "Age of the oldest event that was not published at the last look."}),
		leading:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "oksai_relay_leading", Help: "1 where the working relay is."}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.published, m.failures, m.lag, m.leading} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register the relay's metrics: %w", err)
		}
	}
	return m, nil
}
