package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

var (
	// errHeld says that another relay works.
	errHeld = errors.New("another relay holds the lease")
	// ErrFenced says that another relay took over while this one was away.
	ErrFenced = errors.New("another relay has taken over")
)

// lease is the right to publish. Every take-over raises the fence, and every
// statement names the fence it was given: a process that was paused and wakes
// up changes nothing. Time is PostgreSQL's, so the hosts' clocks do not matter.
type lease struct {
	pool   *pgxpool.Pool
	name   string
	fence  int64
	cursor event.Position // when the lease was acquired
}

const acquireSQL = `
INSERT INTO oksai.relays AS r (name, fence, holder, leased_until, epoch, xid, seq, updated_at)
VALUES ($1, 1, $2, now() + $3, 0, '0', 0, now())
ON CONFLICT (name) DO UPDATE SET fence = r.fence + 1, holder = EXCLUDED.holder, leased_until = EXCLUDED.leased_until
WHERE r.leased_until < now() OR r.holder = EXCLUDED.holder
RETURNING fence, epoch, xid, seq`

// acquire takes the lease if it is free or expired, else it returns errHeld.
func (r *Relay) acquire(ctx context.Context) (*lease, error) {
	l := &lease{pool: r.config.Writer, name: r.config.Bus.Platform}
	var epoch int32
	err := l.pool.QueryRow(ctx, acquireSQL, l.name, r.config.Holder, leaseTTL).Scan(&l.fence, &epoch, &l.cursor.XID, &l.cursor.Seq)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errHeld
	}
	if err != nil {
		return nil, fmt.Errorf("acquire the relay's lease: %w", err)
	}
	l.cursor.Epoch = uint16(epoch)
	return l, nil
}

const (
	renewSQL   = `UPDATE oksai.relays SET leased_until = now() + $3 WHERE name = $1 AND fence = $2`
	releaseSQL = `UPDATE oksai.relays SET leased_until = '-infinity', last_error = $3 WHERE name = $1 AND fence = $2`
	advanceSQL = `
UPDATE oksai.relays SET epoch = $3, xid = $4, seq = $5, count = count + $6, last_error = '', updated_at = now()
WHERE name = $1 AND fence = $2 AND epoch = $7 AND xid = $8 AND seq = $9`
)

// keep renews the lease until the context ends or the lease is lost.
func (l *lease) keep(ctx context.Context) error {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for renewed := time.Now(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := l.update(ctx, renewSQL, leaseTTL)
		switch {
		case err == nil:
			renewed = time.Now()
		case errors.Is(err, ErrFenced) || time.Since(renewed) > leaseTTL:
			return fmt.Errorf("renew the relay's lease: %w", err)
		}
	}
}

// advance moves the cursor by compare-and-set.
func (l *lease) advance(ctx context.Context, from, to event.Position, count int) error {
	err := l.update(ctx, advanceSQL, int32(to.Epoch), to.XID, to.Seq, count, int32(from.Epoch), from.XID, from.Seq)
	if err != nil {
		return fmt.Errorf("move the relay's cursor from %v to %v: %w", from, to, err)
	}
	return nil
}

// release lets another relay take over at once, and leaves the reason for operators.
func (l *lease) release(ctx context.Context, reason error) {
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	text := ""
	if reason != nil {
		text = reason.Error()
	}
	_ = l.update(ctx, releaseSQL, text) // a lease that cannot be released expires
}

func (l *lease) update(ctx context.Context, sql string, args ...any) error {
	tag, err := l.pool.Exec(ctx, sql, append([]any{l.name, l.fence}, args...)...)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrFenced
	}
	return err
}
