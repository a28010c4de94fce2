package consume

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// fullBatches is how many batches a queue holds before fetching stops, so that
// a partition that is being retried does not fill the memory.
const fullBatches = 4

// queue holds the records of one partition between the poll, which must not
// wait for a slow partition, and its worker.
type queue struct {
	full          int
	pause, resume func()
	more          chan struct{} // has one element after a push

	mu      sync.Mutex
	records []*kgo.Record
	paused  bool
	end     int64 // offset after the last record that can be read
}

func newQueue(batch int, pause, resume func()) *queue {
	return &queue{full: fullBatches * batch, pause: pause, resume: resume, more: make(chan struct{}, 1)}
}

func (q *queue) push(records []*kgo.Record, end int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.end = max(q.end, end)
	q.records = append(q.records, records...)
	if !q.paused && len(q.records) >= q.full {
		q.pause()
		q.paused = true
	}
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// take waits for records, then up to linger for limit of them. It returns nil
// when the context ended.
func (q *queue) take(ctx context.Context, limit int, linger time.Duration) []*kgo.Record {
	var late <-chan time.Time
	for {
		n := q.len()
		if n >= limit || n > 0 && linger <= 0 {
			return q.pop(limit)
		}
		if n > 0 && late == nil {
			timer := time.NewTimer(untilTick(linger))
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-q.more:
		case <-late:
			return q.pop(limit)
		case <-ctx.Done():
			return nil
		}
	}
}

// untilTick is the time until the clock has advanced by a whole number of steps.
// All partitions stop waiting at these moments, so that handlers which can store
// what several partitions have do so at once.
func untilTick(step time.Duration) time.Duration {
	return step - time.Duration(time.Now().UnixNano())%step
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.records)
}

func (q *queue) pop(limit int) []*kgo.Record {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(limit, len(q.records))
	// Copied and deleted, not cut off: an idle queue must not keep what it gave away.
	taken := slices.Clone(q.records[:n])
	q.records = slices.Delete(q.records, 0, n)
	if q.paused && len(q.records) < q.full/2 {
		q.resume()
		q.paused = false
	}
	return taken
}

func (q *queue) readable() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.end
}
