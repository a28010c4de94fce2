package projection

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// AsyncDefinition is a read model in PostgreSQL that follows the log. Effect and
// checkpoint commit together, so each event has its effect once whatever Apply does.
type AsyncDefinition struct {
	Module, Name, Hash string
	// Tables, with their schema, are emptied when the read model is built anew. The
	// writer's role must be allowed to TRUNCATE them.
	Tables []string
	// Decode returns nil, nil for an event this read model does not take.
	Decode func(e *event.Recorded) (event.Data, error)
	// Apply has the event's effect within tx, which may touch rows of the event's
	// tenant. An error parks the event's stream, unless it is PostgreSQL that failed.
	Apply func(ctx context.Context, tx pgx.Tx, e *event.Recorded, data event.Data) error
}

// Consumer names the read model's checkpoints, with the version of the definition.
func (d AsyncDefinition) Consumer() string { return d.table().Consumer() }

func (d AsyncDefinition) table() Table { return Table{Module: d.Module, Name: d.Name, Hash: d.Hash} }

// Async keeps one read model in PostgreSQL. It is the handler of the consumer
// named Consumer.
type Async struct {
	Config
	def   AsyncDefinition
	table Table // for its names only
	lanes lanes
}

// asyncRebuildBatch is small: a transaction that is open holds back all readers of the log.
const asyncRebuildBatch = 1000

// NewAsync returns the runner of a read model in PostgreSQL; ClickHouse is not used.
func NewAsync(d AsyncDefinition, c Config) *Async {
	t := d.table()
	c = c.withDefaults()
	c.Logger = c.Logger.With("projection", t.Projection())
	return &Async{Config: c, def: d, table: t}
}

// Consumer is the consumer's name, with the version of the definition.
func (a *Async) Consumer() string { return a.table.Consumer() }

// Run prepares the read model if it is not there, then consumes until the context ends.
func (a *Async) Run(ctx context.Context, consume func(context.Context) error) error {
	if !a.insist(ctx, a.Consumer(), a.Ensure) {
		return nil
	}
	return consume(ctx)
}

// Ensure builds the read model if this version of its definition has not filled
// the tables yet. Other versions cannot write any more: there is only one set of
// tables.
func (a *Async) Ensure(ctx context.Context) error {
	return a.Store.exclusive(ctx, a.table.Projection(), func(ctx context.Context) error {
		built, err := a.Store.built(ctx, a.Consumer())
		if err != nil || built {
			return err
		}
		return a.rebuild(ctx)
	})
}

// Rebuild empties the tables and applies the whole log again. Reads see the
// tables fill; live projection waits.
func (a *Async) Rebuild(ctx context.Context) error {
	return a.Store.exclusive(ctx, a.table.Projection(), a.rebuild)
}

func (a *Async) rebuild(ctx context.Context) error {
	if err := a.empty(ctx); err != nil {
		return fmt.Errorf("rebuild %s: %w", a.table.Projection(), err)
	}
	parked, at := newParking(nil), event.Position{}
	_, err := replay(ctx, a.Log, at, asyncRebuildBatch, func(page []event.Recorded) error {
		to := page[len(page)-1].Position
		_, err := a.commit(ctx, page, parked, func(ctx context.Context, tx pgx.Tx) error {
			return a.Store.advance(ctx, tx, a.Consumer(), a.Partitions, at, to)
		})
		at = to
		return err
	})
	if err == nil {
		err = a.Store.release(ctx, a.Consumer(), a.def.Hash)
	}
	if err != nil {
		return fmt.Errorf("rebuild %s: %w", a.table.Projection(), err)
	}
	return nil
}

// empty takes everything back to the start of the log, in one transaction.
func (a *Async) empty(ctx context.Context) error {
	others, err := a.Store.others(ctx, a.table.Projection(), a.Consumer())
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, a.Store.writer, func(tx pgx.Tx) error {
		if err := a.Store.forget(ctx, tx, others); err != nil {
			return err
		}
		if _, err := a.Store.fence(ctx, tx, a.Consumer(), a.Partitions); err != nil {
			return err
		}
		for _, table := range a.def.Tables {
			if _, err := tx.Exec(ctx, "TRUNCATE "+table); err != nil {
				return fmt.Errorf("empty %s: %w", table, err)
			}
		}
		if err := a.Store.reset(ctx, tx, rebuilt{consumer: a.Consumer()}); err != nil {
			return err
		}
		return a.Store.mark(ctx, tx, a.Consumer(), a.def.Hash, statusRebuilding)
	})
}

// Handle applies a batch and its checkpoint in one transaction.
func (a *Async) Handle(ctx context.Context, b *consume.Batch) error {
	started := a.Clock()
	applied, err := a.handle(ctx, b)
	a.Metrics.batch(a.table.Projection(), len(b.Events), applied, a.Clock().Sub(started), err)
	if err != nil {
		a.lanes.drop(b.Partition)
		err = fmt.Errorf("project partition %d into %s: %w", b.Partition, a.table.Projection(), err)
	}
	if errors.Is(err, errNotBuilt) {
		return errors.Join(err, a.Ensure(ctx))
	}
	return err
}

func (a *Async) handle(ctx context.Context, b *consume.Batch) (applied int, err error) {
	l, err := a.lanes.at(ctx, b, a.Store, a.Consumer(), func(*parking) writer { return nil })
	if err != nil {
		return 0, err
	}
	applied, err = a.commit(ctx, b.Events, l.parked, b.Save)
	if err != nil {
		return 0, err
	}
	l.position = b.To
	return applied, nil
}

// commit applies events and saves the checkpoint in one transaction.
func (a *Async) commit(ctx context.Context, events []event.Recorded, parked *parking, save func(context.Context, pgx.Tx) error) (applied int, err error) {
	err = pgx.BeginFunc(ctx, a.Store.writer, func(tx pgx.Tx) error {
		if err := actFor(ctx, tx, tenants(events)); err != nil {
			return err
		}
		for i := range events {
			took, err := a.apply(ctx, tx, &events[i], parked)
			if err != nil {
				return err
			}
			if took {
				applied++
			}
		}
		if letters := parked.take(); len(letters) > 0 {
			a.tell(a.table, letters)
			if err := a.Store.parkIn(ctx, tx, a.Consumer(), letters); err != nil {
				return err
			}
		}
		return save(ctx, tx)
	})
	return applied, err
}

// apply has one event's effect inside a savepoint, so that an event that cannot
// be taken leaves the rest of the batch alone.
func (a *Async) apply(ctx context.Context, tx pgx.Tx, e *event.Recorded, parked *parking) (took bool, err error) {
	data, err := a.decode(e)
	if err == nil && data == nil || parked.holds(e) {
		return false, nil
	}
	if err == nil {
		err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return a.effect(ctx, tx, e, data) })
	}
	if err == nil {
		return true, nil
	}
	if ctx.Err() != nil || transient(err) {
		return false, err
	}
	parked.park(e, fmt.Errorf("%s cannot take %s, version %d of stream %s: %w", a.table.Projection(), e.Type, e.Version, e.Stream.ID, err))
	return false, nil
}

func (a *Async) decode(e *event.Recorded) (data event.Data, err error) {
	defer guard(&err)
	return a.def.Decode(e)
}

func (a *Async) effect(ctx context.Context, tx pgx.Tx, e *event.Recorded, data event.Data) (err error) {
	defer guard(&err)
	return a.def.Apply(ctx, tx, e, data)
}

// transient tells PostgreSQL's own troubles from an event's: a batch that met
// one is tried again as a whole. Bad data (22), a violated constraint (23) and a
// statement that is wrong (42) are the event's; they do not pass by waiting.
func transient(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		class := pg.Code[:2]
		return class != "22" && class != "23" && class != "42"
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	return connecting || pgconn.SafeToRetry(err) || pgconn.Timeout(err) || errors.Is(err, pgx.ErrTxClosed)
}

func tenants(events []event.Recorded) []uuid.UUID {
	known := map[uuid.UUID]bool{}
	var list []uuid.UUID
	for i := range events {
		if t := events[i].Stream.Tenant; !known[t] {
			known[t] = true
			list = append(list, t)
		}
	}
	return list
}
