package projection

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Registration is what oksai.projections says of a consumer: of each version of
// a read model, and of any other consumer that was paused once.
type Registration struct {
	Consumer string
	// Status is new, built or rebuilding. It means nothing for other consumers.
	Status string
	Paused bool
	// LastError is why the read model could not be built when it was last tried.
	LastError string
}

// Registrations lists all consumers in oksai.projections by name.
func (s *Store) Registrations(ctx context.Context) ([]Registration, error) {
	rows, err := s.reader.Query(ctx, `SELECT name, status, paused, last_error FROM oksai.projections ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list the projections: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Registration])
	if err != nil {
		return nil, fmt.Errorf("list the projections: %w", err)
	}
	return all, nil
}

// SetPaused makes consumers rest in every process of the platform, or go on.
func (s *Store) SetPaused(ctx context.Context, consumers []string, paused bool) error {
	// updated_at stays: it tells versions of a read model apart by age.
	_, err := s.writer.Exec(ctx, `
		INSERT INTO oksai.projections (name, hash, status, paused, updated_at)
		SELECT name, '', $2, $3, $4 FROM unnest($1::text[]) name
		ON CONFLICT (name) DO UPDATE SET paused = EXCLUDED.paused`, consumers, statusNew, paused, s.clock())
	if err != nil {
		return fmt.Errorf("pause or resume %v: %w", consumers, err)
	}
	return nil
}

// Paused names the paused consumers; it is the List of consume.Pauses.
func (s *Store) Paused(ctx context.Context) ([]string, error) {
	rows, err := s.reader.Query(ctx, `SELECT name FROM oksai.projections WHERE paused`)
	if err != nil {
		return nil, fmt.Errorf("list the paused consumers: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the paused consumers: %w", err)
	}
	return names, nil
}

// failed keeps for operators why a read model could not be built.
func (s *Store) failed(ctx context.Context, consumer string, cause error) error {
	_, err := s.writer.Exec(ctx, `
		INSERT INTO oksai.projections (name, hash, status, last_error, updated_at) VALUES ($1, '', $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET last_error = EXCLUDED.last_error`, consumer, statusNew, cause.Error(), s.clock())
	if err != nil {
		return fmt.Errorf("note that %s failed: %w", consumer, err)
	}
	return nil
}
