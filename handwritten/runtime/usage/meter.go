package usage

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

const (
	// FlushEvery is how often counts are saved. A process that dies loses the
	// calls since then: nobody is asked to pay for them.
	FlushEvery = time.Second
	// share is the part of what is left of a day's calls that a process lets
	// through before it looks again at what the others have counted.
	share = 32
	// saveTimeout bounds one exchange with PostgreSQL.
	saveTimeout = 5 * time.Second
	// batchSize bounds the tenants in one statement.
	batchSize = 1000
)

// Meter counts the API calls of tenants, and tells when a day's are used up.
//
// Counts of bounded tenants are exact within one process. Several processes tell
// one another through PostgreSQL every second, and after each thirty-second part
// of what is left, so near the bound after every call. Of another process one may
// not know the part that is being saved and the one that is being used: N processes
// let through at most (N-1)·⌈bound/16⌉ calls too many, and that only if all rush at
// once. While PostgreSQL is away each goes by what it knows.
type Meter struct {
	store   *eventstore.Store
	process uuid.UUID
	clock   func() time.Time
	log     *slog.Logger

	mu     sync.Mutex
	counts map[key]*count
}

type key struct {
	tenant uuid.UUID
	day    time.Time
}

// count is one tenant's day.
type count struct {
	mu         sync.Mutex
	own, saved int64 // of this process, now and as last saved
	others     int64 // of all other processes, when they were last asked
	looked     bool
	retry      time.Time // PostgreSQL is left alone until then
}

// NewMeter returns a meter that counts nothing yet; Run saves what it counts.
func NewMeter(store *eventstore.Store, clock func() time.Time, log *slog.Logger) *Meter {
	return &Meter{store: store, process: uuid.New(), clock: clock, log: log, counts: map[key]*count{}}
}

// Day is where a tenant stands with its calls of a day.
type Day struct {
	// OK says that the call was counted; otherwise the day's calls are used up.
	OK bool
	// Left of the bound, as far as this process knows; 0 without bound.
	Left int64
	// Rest is how long the day still lasts.
	Rest time.Duration
}

// Count notes one call of a tenant; bound is how many a day may have, nil for any number.
func (m *Meter) Count(ctx context.Context, tenant uuid.UUID, bound *int64) Day {
	now := m.clock().UTC()
	k := key{tenant, now.Truncate(24 * time.Hour)}
	day := Day{OK: true, Rest: k.day.Add(24 * time.Hour).Sub(now)}
	c := m.of(k)
	c.mu.Lock()
	defer c.mu.Unlock()
	if bound != nil {
		if c.mustLook(*bound) && !now.Before(c.retry) {
			m.look(ctx, k, c, now)
		}
		day.Left = max(0, *bound-c.own-c.others)
		day.OK = day.Left > 0
	}
	if day.OK {
		c.own++
		day.Left = max(0, day.Left-1)
	}
	return day
}

// mustLook tells whether the others may have used up too much of what this process thinks is left.
func (c *count) mustLook(bound int64) bool {
	left := bound - c.saved - c.others
	return !c.looked || left > 0 && c.own-c.saved >= max(1, left/share)
}

func (m *Meter) look(ctx context.Context, k key, c *count, now time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	others, err := m.save(ctx, []key{k}, []int64{c.own})
	if err != nil {
		c.retry = now.Add(FlushEvery)
		m.log.WarnContext(ctx, "usage: the other processes' API calls are not known; going by what they were", "tenant", k.tenant, "error", err)
		return
	}
	c.saved, c.others, c.looked = c.own, others[0], true
}

func (m *Meter) of(k key) *count {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.counts[k]
	if c == nil {
		c = &count{}
		m.counts[k] = c
	}
	return c
}

// Run saves counts until ctx ends, and then once more.
func (m *Meter) Run(ctx context.Context) error {
	tick := time.NewTicker(FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			m.Flush(context.WithoutCancel(ctx))
			return nil
		case <-tick.C:
			m.Flush(ctx)
		}
	}
}

// Flush saves what was counted since the last time. What cannot be saved is kept for the next one.
func (m *Meter) Flush(ctx context.Context) {
	for batch := range slices.Chunk(m.unsaved(), batchSize) {
		if err := m.flush(ctx, batch); err != nil {
			m.log.ErrorContext(ctx, "usage: API calls are kept in memory until they can be saved", "error", err)
			return
		}
	}
}

func (m *Meter) flush(ctx context.Context, batch []key) error {
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	own := make([]int64, len(batch))
	for i, k := range batch {
		c := m.of(k)
		c.mu.Lock()
		own[i] = c.own
		c.mu.Unlock()
	}
	others, err := m.save(ctx, batch, own)
	if err != nil {
		return err
	}
	for i, k := range batch {
		m.of(k).note(own[i], others[i])
	}
	return nil
}

// note takes over what was saved, unless a look has come to know more since.
func (c *count) note(own, others int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if own >= c.saved {
		c.saved, c.others, c.looked = own, others, true
	}
}

// unsaved are the days with calls that were not saved.
func (m *Meter) unsaved() []key {
	// Without the lock of all counts: one that looks at the others' waits for PostgreSQL.
	return slices.DeleteFunc(m.keys(), func(k key) bool {
		c := m.of(k)
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.own == c.saved
	})
}

// keys are the days that are counted. What was the day before yesterday is
// forgotten: by then it was saved, or nobody will pay for it any more.
func (m *Meter) keys() []key {
	yesterday := m.clock().UTC().Truncate(24 * time.Hour).Add(-24 * time.Hour)
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []key
	for k := range m.counts {
		if k.day.Before(yesterday) {
			delete(m.counts, k)
			continue
		}
		keys = append(keys, k)
	}
	return keys
}
