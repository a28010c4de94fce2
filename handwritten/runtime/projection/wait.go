package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

const (
	defaultPatience = 5 * time.Second
	defaultPoll     = 25 * time.Millisecond
)

// WaiterConfig says where checkpoints are found.
type WaiterConfig struct {
	// Reader is a pool whose role reads all tenants' rows.
	Reader *pgxpool.Pool
	// PartitionOf is the log partition of a tenant's events.
	PartitionOf func(tenant uuid.UUID) int32
	// Patience bounds a wait; 0 means 5 s.
	Patience time.Duration
	// Poll is how often checkpoints of other processes are looked at while someone
	// waits; 0 means 25 ms.
	Poll time.Duration
}

// Waiter lets a query wait until a read model has a write.
type Waiter struct {
	WaiterConfig
	wake chan struct{}

	mu    sync.Mutex
	known map[place]event.Position
	waits map[*wait]bool
}

type place struct {
	consumer  string
	partition int32
}

type wait struct {
	place
	position event.Position
	done     chan struct{}
}

// NewWaiter returns a waiter; its Run must be running for it to see what other
// processes project.
func NewWaiter(c WaiterConfig) *Waiter {
	c.Patience, c.Poll = cmp.Or(c.Patience, defaultPatience), cmp.Or(c.Poll, defaultPoll)
	return &Waiter{WaiterConfig: c, wake: make(chan struct{}, 1), known: map[place]event.Position{}, waits: map[*wait]bool{}}
}

// Wait returns once the consumer has projected the event at position p. tenant
// is the caller's, whose event it most often is. When patience ends first, the
// answer is problem 503 READ_MODEL_BEHIND: the client may retry, or read
// without its token.
func (w *Waiter) Wait(ctx context.Context, consumer string, tenant uuid.UUID, p event.Position) error {
	at := place{consumer, w.PartitionOf(tenant)}
	if p.IsZero() || w.has(at, p) {
		return nil
	}
	owner, err := w.owner(ctx, p)
	if err != nil || owner == nil {
		return err
	}
	// A tenant's partition never reaches the position of another partition's
	// event when nothing more happens in it: wait where the event is.
	at.partition = w.PartitionOf(*owner)
	return w.until(ctx, at, p)
}

// owner is the tenant of the event at p; nil if the log has no such event, and
// so nothing to wait for.
func (w *Waiter) owner(ctx context.Context, p event.Position) (*uuid.UUID, error) {
	var tenant uuid.UUID
	err := w.Reader.QueryRow(ctx, `SELECT tenant_id FROM oksai.events WHERE (epoch, xid, seq) = ($1, $2, $3)`, p.Epoch, p.XID, p.Seq).Scan(&tenant)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the event of a consistency token: %w", err)
	}
	return &tenant, nil
}

func (w *Waiter) until(ctx context.Context, at place, p event.Position) error {
	entry := &wait{place: at, position: p, done: make(chan struct{})}
	if !w.enter(entry) {
		return nil
	}
	defer w.leave(entry)
	patience := time.NewTimer(w.Patience)
	defer patience.Stop()
	select {
	case <-entry.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		return problem.New(503, "READ_MODEL_BEHIND", "Read model behind",
			"the read model does not have your write yet; retry after a second, or leave out the Oksai-Consistency header to read what it has")
	}
}

func (w *Waiter) has(at place, p event.Position) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !p.After(w.known[at])
}

// enter registers the wait, unless there is nothing to wait for any more.
func (w *Waiter) enter(entry *wait) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !entry.position.After(w.known[entry.place]) {
		return false
	}
	w.waits[entry] = true
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return true
}

func (w *Waiter) leave(entry *wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waits, entry)
}

// Advance says that a consumer's checkpoint became durable: it is the
// consumer's OnAdvance where projections run in this process.
func (w *Waiter) Advance(consumer string, partition int32, p event.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := place{consumer, partition}
	if !p.After(w.known[at]) {
		return
	}
	w.known[at] = p
	for entry := range w.waits {
		if entry.place == at && !entry.position.After(p) {
			close(entry.done)
			delete(w.waits, entry)
		}
	}
}

// Run looks at the checkpoints in PostgreSQL while someone waits, with one
// query for all who do. It returns nil when the context ends.
func (w *Waiter) Run(ctx context.Context) error {
	poll := time.NewTicker(w.Poll)
	defer poll.Stop()
	for {
		consumers := w.awaited()
		if len(consumers) > 0 {
			// An error leaves the waits to their patience, and is seen at the next look.
			_ = w.look(ctx, consumers)
		}
		next := poll.C
		if len(consumers) == 0 {
			next = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-w.wake:
		case <-next:
		}
	}
}

func (w *Waiter) awaited() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[string]bool{}
	var consumers []string
	for entry := range w.waits {
		if !seen[entry.consumer] {
			seen[entry.consumer] = true
			consumers = append(consumers, entry.consumer)
		}
	}
	return consumers
}

func (w *Waiter) look(ctx context.Context, consumers []string) error {
	rows, err := w.Reader.Query(ctx, `SELECT consumer, partition, epoch, xid, seq FROM oksai.checkpoints WHERE consumer = ANY ($1)`, consumers)
	if err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	var at place
	var p event.Position
	_, err = pgx.ForEachRow(rows, []any{&at.consumer, &at.partition, &p.Epoch, &p.XID, &p.Seq}, func() error {
		w.Advance(at.consumer, at.partition, p)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	return nil
}
