package projection

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"golang.org/x/sync/errgroup"
)

// maxParked ends a rebuild that leaves out more streams than an operator could
// look at: it is the definition that is broken then.
const maxParked = 1000

// Ensure builds the read model if PostgreSQL or ClickHouse does not have it, and
// drops versions older than the one before. One process builds; others that
// call Ensure meanwhile wait for it.
func (r *Runner) Ensure(ctx context.Context) error {
	return r.Store.exclusive(ctx, r.Consumer(), func(ctx context.Context) error {
		built, err := r.Store.built(ctx, r.Consumer())
		if err != nil {
			return err
		}
		exists, err := r.exists(ctx)
		if err != nil || built && exists {
			return err
		}
		if err := r.rebuild(ctx); err != nil {
			return err
		}
		return r.dropOld(ctx)
	})
}

// Rebuild folds the whole log into a new table beside the old one, and swaps
// them. Reads go on meanwhile, live projection waits. It also takes back streams
// that were parked, if their events can be taken now.
func (r *Runner) Rebuild(ctx context.Context) error {
	return r.Store.exclusive(ctx, r.Consumer(), func(ctx context.Context) error {
		built, err := r.Store.built(ctx, r.Consumer())
		if err != nil {
			return err
		}
		if err = r.rebuild(ctx); err != nil && built {
			return errors.Join(err, r.Store.release(context.WithoutCancel(ctx), r.Consumer(), r.table.Hash))
		}
		return err
	})
}

func (r *Runner) rebuild(ctx context.Context) error {
	if err := r.Store.begin(ctx, r.Consumer(), r.table.Hash, r.Partitions); err != nil {
		return err
	}
	next, err := r.createNext(ctx)
	if err != nil {
		return fmt.Errorf("rebuild %s: %w", r.table.Projection(), err)
	}
	started := r.Clock()
	events, err := r.buildInto(ctx, next)
	if err != nil {
		return fmt.Errorf("rebuild %s: %w", r.table.Projection(), err)
	}
	r.lanes.dropAll()
	r.Logger.Info("the read model is rebuilt", "events", events, "took", r.Clock().Sub(started))
	// After a swap this is the old table.
	if err := r.ClickHouse.Exec(ctx, "DROP TABLE IF EXISTS "+next); err != nil {
		return fmt.Errorf("drop what %s was rebuilt from: %w", r.table.Projection(), err)
	}
	return nil
}

// createNext makes an empty table, under a name that a rebuild which lost its
// lock cannot write to, and removes what such rebuilds left.
func (r *Runner) createNext(ctx context.Context) (string, error) {
	prefix := r.table.SQLName() + "_next_"
	left, err := r.tables(ctx, prefix)
	if err != nil {
		return "", err
	}
	for _, name := range left {
		if err := r.ClickHouse.Exec(ctx, "DROP TABLE IF EXISTS "+name); err != nil {
			return "", err
		}
	}
	next := prefix + strings.ToLower(rand.Text()[:8])
	return next, r.ClickHouse.Exec(ctx, r.table.ddl(next))
}

// buildInto folds the log into the table until it is not behind any checkpoint,
// and then makes the table the current one.
func (r *Runner) buildInto(ctx context.Context, next string) (events int, err error) {
	gauge := r.Metrics.rebuilding.WithLabelValues(r.table.Projection())
	defer gauge.Set(0)
	var letters []Letter
	w := r.model.writers(target{
		db: r.ClickHouse, table: next, cacheRows: r.RebuildBatch, empty: true,
		letters: func(_ context.Context, more []Letter) error {
			if letters = append(letters, more...); len(letters) > maxParked {
				return fmt.Errorf("more than %d streams cannot be folded; the first: %w", maxParked, letters[0].Err)
			}
			return nil
		},
	})(newParking(nil))
	var at event.Position
	for {
		at, err = replay(ctx, r.Log, at, r.RebuildBatch, func(page []event.Recorded) error {
			if _, err := w.write(ctx, page); err != nil {
				return err
			}
			events += len(page)
			gauge.Set(float64(events))
			return nil
		})
		if err != nil {
			return events, err
		}
		done := rebuilt{consumer: r.Consumer(), hash: r.table.Hash, at: at, partitions: r.Partitions, letters: letters}
		ahead, err := r.Store.complete(ctx, done, func(ctx context.Context) error { return r.swap(ctx, next) })
		if err != nil || !ahead.After(at) {
			return events, err
		}
	}
}

// replay hands the log after a position to fold, up to its present head. The
// next page is read while one is folded; two pages are all it holds in memory.
func replay(ctx context.Context, log LogReader, at event.Position, size int, fold func([]event.Recorded) error) (event.Position, error) {
	pages := make(chan []event.Recorded)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(pages)
		for after := at; ; {
			page, err := log.ReadLog(ctx, after, size)
			if err != nil || len(page) == 0 {
				return err
			}
			after = page[len(page)-1].Position
			select {
			case pages <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	group.Go(func() error {
		for page := range pages {
			if err := fold(page); err != nil {
				return err
			}
			at = page[len(page)-1].Position
		}
		return nil
	})
	err := group.Wait()
	return at, err
}

func (r *Runner) swap(ctx context.Context, next string) error {
	exists, err := r.exists(ctx)
	if err != nil {
		return err
	}
	if exists {
		return r.ClickHouse.Exec(ctx, "EXCHANGE TABLES "+r.table.SQLName()+" AND "+next)
	}
	return r.ClickHouse.Exec(ctx, "RENAME TABLE "+next+" TO "+r.table.SQLName())
}

func (r *Runner) exists(ctx context.Context) (bool, error) {
	names, err := r.tables(ctx, r.table.SQLName())
	if err != nil {
		return false, err
	}
	return len(names) > 0 && names[0] == r.table.SQLName(), nil
}

// tables lists the tables whose names start with prefix, in order.
func (r *Runner) tables(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	rows, err := r.ClickHouse.Query(ctx, "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, '"+prefix+"') ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("list tables %s…: %w", prefix, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list tables %s…: %w", prefix, err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// dropOld keeps the version before this one, to roll back to, and drops the others.
func (r *Runner) dropOld(ctx context.Context) error {
	others, err := r.Store.others(ctx, r.table.Projection(), r.Consumer())
	if err != nil || len(others) < 2 {
		return err
	}
	for _, consumer := range others[1:] {
		old := r.table
		old.Hash = strings.TrimPrefix(consumer, r.table.Projection()+"@")
		if err := r.ClickHouse.Exec(ctx, "DROP TABLE IF EXISTS "+old.SQLName()); err != nil {
			return fmt.Errorf("drop the old version %s: %w", consumer, err)
		}
	}
	return pgx.BeginFunc(ctx, r.Store.writer, func(tx pgx.Tx) error { return r.Store.forget(ctx, tx, others[1:]) })
}
