package projection

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

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
	return s.mark(ctx, tx, r.consumer, r.hash, Built)
}

// release lets writers start, after a rebuild that needs no swap or was given up.
func (s *Store) release(ctx context.Context, consumer, hash string) error {
	return pgx.BeginFunc(ctx, s.writer, func(tx pgx.Tx) error { return s.mark(ctx, tx, consumer, hash, Built) })
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
