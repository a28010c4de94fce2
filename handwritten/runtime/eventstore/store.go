// Package eventstore keeps the platform's events in PostgreSQL: it appends them
// with an expected version, reads them back by stream, and reads the log of all
// streams in an order that loses none.
//
// Concurrent appends of one process share a statement, a transaction and a round
// trip (see committer.go). Every row belongs to a tenant, and row-level security
// hides it from statements that were not made for that tenant (see tenants.go).
package eventstore

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
)

// Config says where the events are kept. Only URL is required.
type Config struct {
	// URL of the PostgreSQL database, as pgx reads it.
	URL string
	// Clock gives events their time; time.Now by default.
	Clock func() time.Time
	// Log gets what operators must know; discarded by default.
	Log *slog.Logger
	// Committed is told after each command that appended events, so that whoever
	// reads the log need not wait for its next look; it must not block.
	Committed func()
	// MaxBatch is the greatest number of commands in one transaction; 256 by default.
	MaxBatch int
	// WriterConns and ReaderConns bound the two pools; 8 each by default. The
	// group committer's connection comes on top.
	WriterConns, ReaderConns int
	// CommitTimeout bounds one batch, so that a dead network cannot hold
	// commands for ever; 15 s by default.
	CommitTimeout time.Duration
	// KeepKeys is how long a key is remembered at least; 7 days by default.
	KeepKeys time.Duration
	// TimerLease is how long a timer that DueTimers handed out stays with its
	// receiver; 30 s by default.
	TimerLease time.Duration
}

func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Committed == nil {
		c.Committed = func() {}
	}
	c.MaxBatch = cmp.Or(c.MaxBatch, 256)
	c.WriterConns = cmp.Or(c.WriterConns, 8)
	c.ReaderConns = cmp.Or(c.ReaderConns, 8)
	c.CommitTimeout = cmp.Or(c.CommitTimeout, 15*time.Second)
	c.KeepKeys = cmp.Or(c.KeepKeys, 7*24*time.Hour)
	c.TimerLease = cmp.Or(c.TimerLease, 30*time.Second)
	return c
}

// Store is the event store. Its methods may be called concurrently.
type Store struct {
	config  Config
	writer  *pgxpool.Pool
	reader  *pgxpool.Pool
	queue   chan *pending // unbuffered: a command is taken when a batch has room for it
	running atomic.Bool
	stopped chan struct{}
}

// Open connects to a database that Migrate has prepared.
func Open(ctx context.Context, config Config) (*Store, error) {
	s := &Store{config: config.withDefaults(), queue: make(chan *pending), stopped: make(chan struct{})}
	var err error
	if s.writer, err = openPool(ctx, config.URL, "oksai_writer", s.config.WriterConns); err != nil {
		return nil, fmt.Errorf("open the event store for writing: %w", err)
	}
	if s.reader, err = openPool(ctx, config.URL, "oksai_reader", s.config.ReaderConns); err != nil {
		s.writer.Close()
		return nil, fmt.Errorf("open the event store for reading: %w", err)
	}
	return s, nil
}

// Close ends the pools, once Run has returned.
func (s *Store) Close() {
	s.writer.Close()
	s.reader.Close()
}

// Writer is the pool of the role oksai_writer. Its statements see no tenant's
// rows except through InTenants.
func (s *Store) Writer() *pgxpool.Pool { return s.writer }

// Reader is the pool of the role oksai_reader, which may read all and write nothing.
func (s *Store) Reader() *pgxpool.Pool { return s.reader }

// now is the time that is written: UTC, in the microseconds that PostgreSQL keeps.
func (s *Store) now() time.Time { return s.config.Clock().UTC().Truncate(time.Microsecond) }

func openPool(ctx context.Context, url, role string, conns int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	config.MaxConns = int32(conns)
	setParams(config.ConnConfig, role)
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		registerTypes(conn)
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect as %s (was the database migrated?): %w", role, err)
	}
	return pool, nil
}

// registerTypes lets pgx send ids as the bytes they are; it would make texts of them.
func registerTypes(conn *pgx.Conn) { pgxuuid.Register(conn.TypeMap()) }

func setParams(config *pgx.ConnConfig, role string) {
	params := config.RuntimeParams
	params["role"] = role
	params["timezone"] = "UTC"
	// Replaces a name in the URL on purpose: operators find the connections by it.
	params["application_name"] = role
	// A transaction left open holds back every reader of the log.
	params["idle_in_transaction_session_timeout"] = "30s"
	// Statements work on arrays: planning them anew costs more than running them.
	params["plan_cache_mode"] = "force_generic_plan"
	params["jit"] = "off"
	if role == "oksai_writer" {
		// Writers look rows up by key. A plan made while a table was small
		// would read all of it, and go on so when it has grown.
		for _, scan := range []string{"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"} {
			params[scan] = "off"
		}
	}
}
