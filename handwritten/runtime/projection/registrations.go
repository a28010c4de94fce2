package projection

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Registration is what oksai.projections says of a consumer: of each version of
// a read model, and of each reaction.
type Registration struct {
	Consumer string
	// Status is new, rebuilding or Built. It means nothing for reactions.
	Status string
	// Old: there is another version of the read model in place of this one.
	Old    bool
	Paused bool
	// LastError is why the read model could not be built when it was last tried.
	LastError string
}

// Register makes a process's consumers known to operators. Of a read model's
// versions, the one that was registered or built last is the present one.
func (s *Store) Register(ctx context.Context, consumers []string) error {
	_, err := s.writer.Exec(ctx, `
		INSERT INTO oksai.projections (name, hash, status, updated_at) SELECT name, '', $2, $3 FROM unnest($1::text[]) name
		ON CONFLICT (name) DO UPDATE SET updated_at = EXCLUDED.updated_at`, consumers, statusNew, s.clock())
	if err != nil {
		return fmt.Errorf("register the consumers: %w", err)
	}
	return nil
}

// Registrations lists all consumers in oksai.projections by name.
func (s *Store) Registrations(ctx context.Context) ([]Registration, error) {
	rows, err := s.reader.Query(ctx, `
		SELECT name, status, name <> first_value(name) OVER (PARTITION BY split_part(name, '@', 1) ORDER BY updated_at DESC, name), paused, last_error
		FROM oksai.projections ORDER BY name`)
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
