package consume

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestPartitionsStopWaitingTogether: whenever a partition begins to wait, it ends
// at a moment that all of them share.
func TestPartitionsStopWaitingTogether(t *testing.T) {
	t.Parallel()
	const step = 200 * time.Millisecond
	for range 1000 {
		before := time.Now()
		wait := untilTick(step)
		earliest, latest := before.Add(wait), time.Now().Add(wait)
		if shared := latest.Truncate(step); wait <= 0 || wait > step || shared.Before(earliest.Truncate(time.Nanosecond)) {
			t.Fatalf("waiting %v from %v on does not end at a whole step", wait, before)
		}
	}
}

// TestQueueKeepsNothingOfWhatWasTaken: an idle consumer must not hold the memory
// of the records that it has applied.
func TestQueueKeepsNothingOfWhatWasTaken(t *testing.T) {
	t.Parallel()
	q := newQueue(10, func() {}, func() {})
	pushed := func() (all []weak.Pointer[kgo.Record]) {
		records := make([]*kgo.Record, 25)
		for i := range records {
			records[i] = &kgo.Record{Value: make([]byte, 1000)}
			all = append(all, weak.Make(records[i]))
		}
		q.push(records, 25)
		return all
	}()
	for range 3 {
		q.pop(10)
	}
	runtime.GC()
	for i, record := range pushed {
		if record.Value() != nil {
			t.Fatalf("record %d of %d is still held", i, len(pushed))
		}
	}
	runtime.KeepAlive(q)
}
