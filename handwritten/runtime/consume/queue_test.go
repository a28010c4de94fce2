package consume

import (
	"testing"
	"time"
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
