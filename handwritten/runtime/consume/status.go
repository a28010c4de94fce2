package consume

import (
	"context"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/event"
)

// rateWindow is the time over which the rate of a partition is taken.
const rateWindow = 5 * time.Second

// meter measures events per second. Its user locks it.
type meter struct {
	since time.Time
	count int
	rate  float64
}

func (m *meter) add(n int, now time.Time) {
	m.count += n
	if passed := now.Sub(m.since); passed >= rateWindow {
		if passed < 2*rateWindow {
			m.rate = float64(m.count) / passed.Seconds()
		}
		m.since, m.count = now, 0
	}
}

func (m *meter) value(now time.Time) float64 {
	if now.Sub(m.since) > 2*rateWindow {
		return 0
	}
	return m.rate
}

func (w *worker) handled(events []event.Recorded, to event.Position) {
	w.config.Metrics.events.WithLabelValues(label(w.config.Name)).Add(float64(len(events)))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Position = to
	w.status.Handled += int64(len(events))
	w.meter.add(len(events), w.config.Clock())
	if len(events) > 0 {
		w.status.LastAt = events[len(events)-1].At
	}
}

func (w *worker) applied(offset int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset = offset
}

// failed notes how a step ended: here, and with the checkpoint for operators of
// other processes. The next batch that is applied clears it there.
func (w *worker) failed(ctx context.Context, err error) {
	text := ""
	if err != nil {
		text = err.Error()
		w.config.Metrics.failures.WithLabelValues(label(w.config.Name)).Inc()
		failing := w.checkpoint
		failing.LastError = text
		// Without PostgreSQL, or as one that was replaced, there is nothing to tell there.
		_ = w.config.Store.SaveCheckpoint(ctx, w.config.Store.Writer(), failing)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Err = text
}

func (w *worker) report() PartitionStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	status := w.status
	status.Partition = w.partition
	status.Rate = w.meter.value(w.config.Clock())
	if end := w.queue.readable(); end > w.offset {
		status.Lag = end - w.offset
	}
	return status
}
