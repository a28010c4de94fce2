package outbox

import (
	"context"
	"time"
)

// channel is where processes tell the working relay of commits. They do so
// outside their write transactions, where NOTIFY would serialise all commits,
// and at most once per notifyInterval.
const (
	channel        = "oksai_log"
	notifyInterval = 20 * time.Millisecond
	listenAgain    = time.Second
)

// standBy passes this process's wake-ups on until it is time to try for the
// lease again.
func (r *Relay) standBy(ctx context.Context) error {
	elect := time.NewTimer(electInterval)
	defer elect.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-elect.C:
			return nil
		case <-r.wake:
		}
		if _, err := r.config.Writer.Exec(ctx, "SELECT pg_notify($1, '')", channel); err != nil {
			return err
		}
		sleep(ctx, notifyInterval)
	}
}

// Announce passes this process's wake-ups on to the relay that works in another
// one, and never publishes itself. It returns nil when the context ends.
func (r *Relay) Announce(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.standBy(ctx); err != nil && ctx.Err() == nil {
			r.config.Logger.Warn("telling the relay of commits failed, it polls meanwhile", "error", err)
			sleep(ctx, listenAgain)
		}
	}
	return nil
}

// listen turns other processes' notifications into wake-ups. Without it the
// relay polls, so its failures are no reason to stop.
func (r *Relay) listen(ctx context.Context) error {
	for ctx.Err() == nil {
		err := r.listenOnce(ctx)
		if ctx.Err() == nil {
			r.config.Logger.Warn("listening for commits of other processes failed, the relay polls meanwhile", "error", err)
			sleep(ctx, listenAgain)
		}
	}
	return nil
}

func (r *Relay) listenOnce(ctx context.Context) error {
	pooled, err := r.config.Writer.Acquire(ctx)
	if err != nil {
		return err
	}
	// The connection leaves the pool: nobody else may inherit its LISTEN.
	conn := pooled.Hijack()
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		r.Wake()
	}
}
