package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// side is one of two that are compared. It works until the time is up, or
// through what it has to do, and returns how many operations that were.
type side func(ctx context.Context, until time.Time) (operations int, err error)

// pace is how fast a side went.
type pace struct {
	perSecond float64
	cpu       usage // of all processes, for one operation
}

// duel is the result of a comparison.
type duel struct {
	ratio              float64 // of the measured side's speed to the baseline's
	measured, baseline pace
}

// compare lets two sides take turns, so that both see the same of the machine's
// moods, and judges by the median of the pairs. The first pair is not counted:
// it opens connections, fills caches and prepares statements.
func (l *lab) compare(ctx context.Context, measured, baseline side) (duel, error) {
	var ratios []float64
	var ours, theirs []pace
	for pair := range 1 + l.pairs {
		sides, paces := []side{measured, baseline}, make([]pace, 2)
		for i := range sides {
			which := (pair + i) % 2 // who goes first alternates too
			var err error
			if paces[which], err = l.time(ctx, sides[which]); err != nil {
				return duel{}, err
			}
		}
		if pair == 0 {
			continue
		}
		ratios = append(ratios, paces[0].perSecond/paces[1].perSecond)
		ours, theirs = append(ours, paces[0]), append(theirs, paces[1])
	}
	return duel{median(ratios), middle(ours), middle(theirs)}, nil
}

func (l *lab) time(ctx context.Context, s side) (pace, error) {
	if err := settle(ctx); err != nil {
		return pace{}, err
	}
	before, started := treeCPU(), time.Now()
	operations, err := s(ctx, started.Add(l.turn))
	took, after := time.Since(started), treeCPU()
	if err != nil {
		return pace{}, err
	}
	if operations == 0 {
		return pace{}, fmt.Errorf("nothing was done in %s", took)
	}
	return pace{float64(operations) / took.Seconds(), after.per(operations, before)}, nil
}

// settle waits until what the turn before has left to do in the background,
// such as projecting its events, does not disturb the next one. This process has
// nothing left, and looking costs it more than idle engines use.
func settle(ctx context.Context) error {
	const look, calm, limit = 100 * time.Millisecond, 10 * time.Millisecond, 20 * time.Second
	tick := time.NewTicker(look)
	defer tick.Stop()
	others := func() time.Duration { used := treeCPU(); return used.sum() - used[thisProcess] }
	deadline := time.Now().Add(limit)
	for quiet, last := 0, others(); quiet < 4 && time.Now().Before(deadline); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		now := others()
		if quiet++; now-last > calm {
			quiet = 0
		}
		last = now
	}
	return nil
}

// clients runs an operation again and again from a number of clients at once.
func clients(count int, operation func(ctx context.Context, client int) error) side {
	return func(ctx context.Context, until time.Time) (int, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		var done atomic.Int64
		var all sync.WaitGroup
		for client := range count {
			all.Go(func() {
				for ctx.Err() == nil && time.Now().Before(until) {
					if err := operation(ctx, client); err != nil {
						cancel(err)
						return
					}
					done.Add(1)
				}
			})
		}
		all.Wait()
		return int(done.Load()), context.Cause(ctx)
	}
}

// middle is the pace that half of the others exceed.
func middle(paces []pace) pace {
	slices.SortFunc(paces, func(a, b pace) int { return cmp.Compare(a.perSecond, b.perSecond) })
	return paces[len(paces)/2]
}

func median[T float64 | time.Duration](values []T) T { return quantile(values, 0.5) }

// quantile is the value below which a share of the values lies; there is at least one.
func quantile[T float64 | time.Duration](values []T, share float64) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
