package projection

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// What oksai.projections says of a consumer.
const (
	statusBuilt      = "built"
	statusRebuilding = "rebuilding" // no writer may start
)

// lockPoll is how often a process looks whether another's rebuild has ended.
const lockPoll = 250 * time.Millisecond

// exclusive runs f while no other process runs one for the same name. The lock
// lives on a connection of its own: a rebuild takes minutes, and must not hold
// one of the pool's.
func (s *Store) exclusive(ctx context.Context, name string, f func(context.Context) error) error {
	conn, err := pgx.ConnectConfig(ctx, s.writer.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("lock %s: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for {
		var locked bool
		// A statement that waits for the lock would hold back vacuum for as long.
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended('oksai projection ' || $1, 0))`, name).Scan(&locked); err != nil {
			return fmt.Errorf("lock %s: %w", name, err)
		}
		if locked {
			return f(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
}

// built reports whether the consumer's read model is complete up to its checkpoints.
func (s *Store) built(ctx context.Context, consumer string) (built bool, err error) {
	err = s.reader.QueryRow(ctx, `SELECT EXISTS (SELECT FROM oksai.projections WHERE name = $1 AND status = 'built')`, consumer).Scan(&built)
	if err != nil {
		return false, fmt.Errorf("look whether %s is built: %w", consumer, err)
	}
	return built, nil
}

// begin stops the writers of a read model that is about to be rebuilt. Until it
// is complete no new writer starts: one that began with what the old rows, or
// the old letters, say could otherwise write into the new table.
func (s *Store) begin(ctx context.Context, consumer, hash string, partitions int32) error {
	err := pgx.BeginFunc(ctx, s.writer, func(tx pgx.Tx) error {
		if _, err := s.fence(ctx, tx, consumer, partitions); err != nil {
			return err
		}
		return s.mark(ctx, tx, consumer, hash, statusRebuilding)
	})
	if err != nil {
		return fmt.Errorf("begin the rebuild of %s: %w", consumer, err)
	}
	return nil
}

// release lets writers start, after a rebuild that needs no swap or was given up.
func (s *Store) release(ctx context.Context, consumer, hash string) error {
	return pgx.BeginFunc(ctx, s.writer, func(tx pgx.Tx) error { return s.mark(ctx, tx, consumer, hash, statusBuilt) })
}

// advance moves all checkpoints of a consumer that is being rebuilt.
func (s *Store) advance(ctx context.Context, tx pgx.Tx, consumer string, partitions int32, from, to event.Position) error {
	tag, err := tx.Exec(ctx, `
		UPDATE oksai.checkpoints SET epoch = $5, xid = $6, seq = $7, updated_at = $8
		WHERE consumer = $1 AND (epoch, xid, seq) = ($2, $3, $4)`,
		consumer, from.Epoch, from.XID, from.Seq, to.Epoch, to.XID, to.Seq, s.clock())
	if err != nil {
		return fmt.Errorf("move the checkpoints of %s: %w", consumer, err)
	}
	if tag.RowsAffected() != int64(partitions) {
		return fmt.Errorf("move the checkpoints of %s: %d of %d were at %v: another process is rebuilding it too", consumer, tag.RowsAffected(), partitions, from)
	}
	return nil
}

func (s *Store) mark(ctx context.Context, tx pgx.Tx, consumer, hash, status string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO oksai.projections (name, hash, status, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET hash = EXCLUDED.hash, status = EXCLUDED.status, updated_at = EXCLUDED.updated_at`,
		consumer, hash, status, s.clock())
	if err != nil {
		return fmt.Errorf("mark %s as %s: %w", consumer, status, err)
	}
	return nil
}

// others lists the other versions of the consumer's projection, newest first.
func (s *Store) others(ctx context.Context, projection, consumer string) ([]string, error) {
	rows, err := s.reader.Query(ctx, `
		SELECT name FROM oksai.projections WHERE starts_with(name, $1 || '@') AND name <> $2
		ORDER BY updated_at DESC, name`, projection, consumer)
	if err != nil {
		return nil, fmt.Errorf("list versions of %s: %w", projection, err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list versions of %s: %w", projection, err)
	}
	return names, nil
}

// forget removes all that is known of consumers, so that what still runs under
// their names cannot save a checkpoint any more.
func (s *Store) forget(ctx context.Context, tx pgx.Tx, consumers []string) error {
	if err := s.actForParked(ctx, tx, consumers); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM oksai.checkpoints WHERE consumer = ANY ($1)`,
		`DELETE FROM oksai.dead_letters WHERE consumer = ANY ($1)`,
		`DELETE FROM oksai.projections WHERE name = ANY ($1)`,
	} {
		if _, err := tx.Exec(ctx, statement, consumers); err != nil {
			return fmt.Errorf("forget %v: %w", consumers, err)
		}
	}
	return nil
}

func (s *Store) actForParked(ctx context.Context, tx pgx.Tx, consumers []string) error {
	rows, err := s.reader.Query(ctx, `SELECT DISTINCT tenant_id FROM oksai.dead_letters WHERE consumer = ANY ($1)`, consumers)
	if err != nil {
		return fmt.Errorf("find parked events of %v: %w", consumers, err)
	}
	tenants, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("find parked events of %v: %w", consumers, err)
	}
	return actFor(ctx, tx, tenants)
}

// rebuilt is a read model that was folded from the log up to a position.
type rebuilt struct {
	consumer, hash string
	at             event.Position
	partitions     int32
	letters        []Letter
}

// complete makes a rebuilt read model the current one: swap is called while no
// writer can save a checkpoint, then all checkpoints move to the position. A
// writer still at work finds its fence moved. When a checkpoint is already beyond the position, nothing happens and
// that checkpoint is returned: the caller must fold further first.
//
// A crash between swap and commit is harmless: the new rows are then ahead of
// the checkpoints, as after any crash.
func (s *Store) complete(ctx context.Context, r rebuilt, swap func(context.Context) error) (ahead event.Position, err error) {
	err = pgx.BeginFunc(ctx, s.writer, func(tx pgx.Tx) error {
		last, err := s.fence(ctx, tx, r.consumer, r.partitions)
		if err != nil {
			return err
		}
		if last.After(r.at) {
			ahead = last
			return nil
		}
		if err := swap(ctx); err != nil {
			return err
		}
		return s.reset(ctx, tx, r)
	})
	if err != nil {
		return ahead, fmt.Errorf("complete the rebuild of %s: %w", r.consumer, err)
	}
	return ahead, nil
}

// fence stops all writers of the consumer and returns its greatest checkpoint.
func (s *Store) fence(ctx context.Context, tx pgx.Tx, consumer string, partitions int32) (last event.Position, err error) {
	rows, err := tx.Query(ctx, `
		INSERT INTO oksai.checkpoints AS c (consumer, partition, fence, epoch, xid, seq, count, last_error, updated_at)
		SELECT $1, p, 1, 0, '0', 0, 0, '', $3 FROM generate_series(0, $2::int - 1) p ORDER BY p
		ON CONFLICT (consumer, partition) DO UPDATE SET fence = c.fence + 1
		RETURNING epoch, xid, seq`, consumer, partitions, s.clock())
	if err != nil {
		return last, fmt.Errorf("stop the writers of %s: %w", consumer, err)
	}
	var p event.Position
	_, err = pgx.ForEachRow(rows, []any{&p.Epoch, &p.XID, &p.Seq}, func() error {
		if p.After(last) {
			last = p
		}
		return nil
	})
	if err != nil {
		return last, fmt.Errorf("stop the writers of %s: %w", consumer, err)
	}
	return last, nil
}

// reset moves all checkpoints to the rebuild's position, and replaces the
// letters: the rebuild took every event once more, so only its own are true.
func (s *Store) reset(ctx context.Context, tx pgx.Tx, r rebuilt) error {
	if err := s.actForParked(ctx, tx, []string{r.consumer}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE oksai.dead_letters SET status = 'replayed', last_at = $2 WHERE consumer = $1 AND status = 'parked'`, r.consumer, s.clock()); err != nil {
		return fmt.Errorf("release parked events: %w", err)
	}
	if err := s.parkIn(ctx, tx, r.consumer, r.letters); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE oksai.checkpoints SET epoch = $2, xid = $3, seq = $4, last_error = '', updated_at = $5 WHERE consumer = $1`,
		r.consumer, r.at.Epoch, r.at.XID, r.at.Seq, s.clock()); err != nil {
		return fmt.Errorf("move checkpoints: %w", err)
	}
	return s.mark(ctx, tx, r.consumer, r.hash, statusBuilt)
}
