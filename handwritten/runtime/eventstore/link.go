package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	firstPause = 50 * time.Millisecond
	maxPause   = 5 * time.Second
	// A batch must not wait long for a stream that another transaction holds.
	lockTimeout = "100ms"
)

// link is the committer's connection. It is made when it is needed; after a
// failure the next attempts keep a growing distance, and commands in between are
// refused at once instead of hanging.
type link struct {
	conn  *pgx.Conn
	pause time.Duration
	next  time.Time
	err   error
}

func (l *link) lost() bool { return l.conn == nil || l.conn.IsClosed() }

func (l *link) connect(ctx context.Context, url string) (*pgx.Conn, error) {
	if !l.lost() {
		return l.conn, nil
	}
	if wait := time.Until(l.next); wait > 0 {
		return nil, fmt.Errorf("next attempt in %v: %w", wait.Round(time.Millisecond), l.err)
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	setParams(config, "oksai_writer")
	config.RuntimeParams["application_name"] = "oksai_committer"
	config.RuntimeParams["lock_timeout"] = lockTimeout
	if l.conn, l.err = pgx.ConnectConfig(ctx, config); l.err != nil {
		l.pause = min(max(2*l.pause, firstPause), maxPause)
		l.next = time.Now().Add(l.pause)
		return nil, l.err
	}
	registerTypes(l.conn)
	l.pause = 0
	return l.conn, nil
}

func (l *link) close() {
	if l.lost() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l.conn.Close(ctx) // the process ends or has given up on it: nothing depends on a farewell
}
