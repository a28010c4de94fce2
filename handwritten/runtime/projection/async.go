package projection

import (
	"context"
	"errors"
	"fmt"
	"sync"

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

// Async keeps one read model in PostgreSQL. It is the handler of the consumer
// named Consumer.
type Async struct {
	Config
	def   AsyncDefinition
	table Table // for its names only

	mu    sync.Mutex
	lanes map[int32]*lane
}

// NewAsync returns the runner of a read model in PostgreSQL; ClickHouse is not used.
func NewAsync(d AsyncDefinition, c Config) *Async {
	t := Table{Module: d.Module, Name: d.Name, Hash: d.Hash}
	return &Async{Config: c.withDefaults(), def: d, table: t, lanes: map[int32]*lane{}}
}

// Consumer is the consumer's name, with the version of the definition.
func (a *Async) Consumer() string { return a.table.Consumer() }

// Ensure empties the tables if another version of the definition filled them;
// the consumer then fills them from the start of the log. Other versions cannot
// write any more: there is only one set of tables.
func (a *Async) Ensure(ctx context.Context) error {
	return a.Store.exclusive(ctx, a.table.Projection(), func(ctx context.Context) error {
		built, err := a.Store.built(ctx, a.Consumer())
		if err != nil || built {
			return err
		}
		return a.restart(ctx)
	})
}

// Rebuild empties the tables and sets the checkpoints back to the start of the log.
func (a *Async) Rebuild(ctx context.Context) error {
	return a.Store.exclusive(ctx, a.table.Projection(), a.restart)
}

func (a *Async) restart(ctx context.Context) error {
	others, err := a.Store.others(ctx, a.table.Projection(), a.Consumer())
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, a.Store.writer, func(tx pgx.Tx) error {
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
		return a.Store.reset(ctx, tx, rebuilt{consumer: a.Consumer(), hash: a.def.Hash, partitions: a.Partitions})
	})
	if err != nil {
		return fmt.Errorf("build %s anew: %w", a.table.Projection(), err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.lanes)
	return nil
}

// Handle applies a batch and its checkpoint in one transaction.
func (a *Async) Handle(ctx context.Context, b *consume.Batch) error {
	started := a.Clock()
	applied, err := a.handle(ctx, b)
	a.Metrics.batch(a.table.Projection(), len(b.Events), applied, a.Clock().Sub(started), err)
	if err != nil {
		return fmt.Errorf("project partition %d into %s: %w", b.Partition, a.table.Projection(), err)
	}
	return nil
}

func (a *Async) handle(ctx context.Context, b *consume.Batch) (applied int, err error) {
	l, err := a.lane(ctx, b)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, a.Store.writer, func(tx pgx.Tx) error {
		if err := actFor(ctx, tx, tenants(b.Events)); err != nil {
			return err
		}
		for i := range b.Events {
			took, err := a.apply(ctx, tx, &b.Events[i], l.parked)
			if err != nil {
				return err
			}
			if took {
				applied++
			}
		}
		letters, _ := l.parked.take()
		a.Metrics.parked.WithLabelValues(a.table.Projection()).Add(float64(len(letters)))
		if len(letters) > 0 {
			if err := a.Store.parkIn(ctx, tx, a.Consumer(), letters); err != nil {
				return err
			}
		}
		return b.Save(ctx, tx)
	})
	if err != nil {
		a.drop(b.Partition)
		return 0, err
	}
	l.at = b.To
	return applied, nil
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

func (a *Async) lane(ctx context.Context, b *consume.Batch) (*lane, error) {
	a.mu.Lock()
	l := a.lanes[b.Partition]
	a.mu.Unlock()
	if l != nil && l.at == b.From {
		return l, nil
	}
	since, err := a.Store.parked(ctx, a.Consumer())
	if err != nil {
		return nil, err
	}
	l = &lane{parked: newParking(since)}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lanes[b.Partition] = l
	return l, nil
}

func (a *Async) drop(partition int32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.lanes, partition)
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
