package projection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// renewEvery is how long a wish of an operator may take to be heeded.
const renewEvery = time.Second

// Renew wishes that a read model be built anew, by whichever process has it: see
// Renewal. The name may lack the version; then the newest is meant. It returns
// the consumer's name, empty if there is none such. What is being built is not
// built once more.
func (s *Store) Renew(ctx context.Context, name string) (consumer string, err error) {
	err = s.writer.QueryRow(ctx, `
		UPDATE oksai.projections SET status = CASE status WHEN $2 THEN $3 ELSE status END
		WHERE name = (
			SELECT name FROM oksai.projections WHERE hash <> '' AND (name = $1 OR split_part(name, '@', 1) = $1)
			ORDER BY updated_at DESC LIMIT 1)
		RETURNING name`, name, Built, statusNew).Scan(&consumer)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("wish that %s be built anew: %w", name, err)
	}
	return consumer, nil
}

// wished names the read models that were built once and are to be built anew;
// those that were never built have no hash yet.
func (s *Store) wished(ctx context.Context) ([]string, error) {
	rows, err := s.reader.Query(ctx, `SELECT name FROM oksai.projections WHERE status = $1 AND hash <> '' ORDER BY name`, statusNew)
	if err != nil {
		return nil, fmt.Errorf("list the read models to be built anew: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the read models to be built anew: %w", err)
	}
	return names, nil
}

// Renewal builds a process's read models anew where Renew wishes it, one after
// the other. Of several processes that have one, one builds.
type Renewal struct {
	Store *Store
	// Ensure builds the read models, by consumer.
	Ensure map[string]func(context.Context) error
	Logger *slog.Logger
}

// Run fulfils wishes until the context ends, and then returns nil.
func (r Renewal) Run(ctx context.Context) error {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		if err := r.fulfil(ctx); err != nil && ctx.Err() == nil {
			r.Logger.Warn("a read model could not be built anew, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (r Renewal) fulfil(ctx context.Context) error {
	wished, err := r.Store.wished(ctx)
	if err != nil {
		return err
	}
	for _, consumer := range wished {
		if ensure := r.Ensure[consumer]; ensure != nil {
			err = errors.Join(err, r.build(ctx, consumer, ensure))
		}
	}
	return err
}

func (r Renewal) build(ctx context.Context, consumer string, ensure func(context.Context) error) error {
	err := ensure(ctx)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(err, r.Store.failed(ctx, consumer, err))
}
