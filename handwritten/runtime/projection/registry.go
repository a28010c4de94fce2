package projection

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// What oksai.projections says of a consumer.
const (
	statusNew        = "new" // nothing of it is built yet
	Built            = "built"
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

func (s *Store) mark(ctx context.Context, tx pgx.Tx, consumer, hash, status string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO oksai.projections (name, hash, status, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET hash = EXCLUDED.hash, status = EXCLUDED.status, last_error = '', updated_at = EXCLUDED.updated_at`,
		consumer, hash, status, s.clock())
	if err != nil {
		return fmt.Errorf("mark %s as %s: %w", consumer, status, err)
	}
	return nil
}

// others lists the other versions of the consumer's projection, newest first;
// those that were never built come last.
func (s *Store) others(ctx context.Context, projection, consumer string) ([]string, error) {
	rows, err := s.reader.Query(ctx, `
		SELECT name FROM oksai.projections WHERE starts_with(name, $1 || '@') AND name <> $2
		ORDER BY status = 'new', updated_at DESC, name`, projection, consumer)
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
