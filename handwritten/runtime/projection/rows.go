package projection

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/projection/chsql"
)

// maxKeys bounds the keys of one SELECT: parameters travel in the URL.
const maxKeys = 2000

// durable makes a replicated ClickHouse behave as one server does: an insert is
// acknowledged by a quorum and read by whoever reads next. A fold that read its
// previous row from a stale replica would lose fields. A single server ignores
// all of them but async_insert. Rows are idempotent, so blocks need not be.
func durable(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"async_insert":                  0,
		"insert_deduplicate":            0,
		"insert_quorum":                 "auto",
		"insert_quorum_parallel":        0,
		"select_sequential_consistency": 1,
	}))
}

// lookup asks for the rows of ids; those that are there go into found.
type lookup[K comparable, R any] struct {
	ids   []rowID[K]
	found map[rowID[K]]*state[R]
}

// lookups answers several partitions' lookups by one statement.
func (d Definition[K, R]) lookups(t target) *together[lookup[K, R]] {
	return newTogether(func(ctx context.Context, all []lookup[K, R]) error {
		var ids []rowID[K]
		for _, l := range all {
			ids = append(ids, l.ids...)
		}
		rows, err := d.load(ctx, t.db, t.table, ids)
		for _, l := range all {
			for _, id := range l.ids {
				if s := rows[id]; s != nil {
					l.found[id] = s
				}
			}
		}
		return err
	})
}

// load reads the rows of the given ids, tombstones too. Ids without a row are
// not in the result.
func (d Definition[K, R]) load(ctx context.Context, db driver.Conn, table string, ids []rowID[K]) (map[rowID[K]]*state[R], error) {
	rows := make(map[rowID[K]]*state[R], len(ids))
	for chunk := range slices.Chunk(ids, maxKeys) {
		if err := d.loadChunk(ctx, db, table, chunk, rows); err != nil {
			return nil, fmt.Errorf("read previous rows of %s: %w", table, err)
		}
	}
	return rows, nil
}

func (d Definition[K, R]) loadChunk(ctx context.Context, db driver.Conn, table string, ids []rowID[K], into map[rowID[K]]*state[R]) error {
	query, args, err := d.selectRows(table, ids)
	if err != nil {
		return err
	}
	found, err := db.Query(durable(ctx), query, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	wanted := make(map[rowID[K]]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for found.Next() {
		id, s, err := d.scan(found)
		if err != nil {
			return err
		}
		if !wanted[id] {
			return fmt.Errorf("a row came back with the key %v, which nobody asked for: KeyOf must make the same key as Key does", id.key)
		}
		into[id] = s
	}
	return found.Err()
}

// selectRows sends each key column as one array; the tuple's columns are the
// table's sorting key, so ClickHouse finds the rows by its primary index.
func (d Definition[K, R]) selectRows(table string, ids []rowID[K]) (string, []any, error) {
	columns := make([][]any, 1+len(d.Table.Key))
	for _, id := range ids {
		columns[0] = append(columns[0], id.tenant)
		for i, v := range d.KeyValues(id.key) {
			columns[i+1] = append(columns[i+1], v)
		}
	}
	types := []string{"UUID"}
	for _, name := range d.Table.Key {
		types = append(types, d.Table.Columns.Type(name))
	}
	args, arrays := make([]any, len(columns)), make([]string, len(columns))
	for i, values := range columns {
		name, typ := "k"+strconv.Itoa(i), "Array("+types[i]+")"
		arg, err := chsql.Param(name, typ, values)
		if err != nil {
			return "", nil, err
		}
		args[i], arrays[i] = arg, "{"+name+":"+typ+"}"
	}
	return "SELECT " + tenantColumn + ", " + d.Table.Columns.Names() + ", " + positionColumn + ", " + deletedColumn +
		" FROM " + table + " FINAL WHERE (" + strings.Join(append([]string{tenantColumn}, d.Table.Key...), ", ") +
		") IN arrayZip(" + strings.Join(arrays, ", ") + ")", args, nil
}

func (d Definition[K, R]) scan(found driver.Rows) (rowID[K], *state[R], error) {
	var (
		s        state[R]
		tenant   uuid.UUID
		position big.Int
		deleted  uint8
	)
	into := append([]any{&tenant}, d.Scan(&s.row)...)
	if err := found.Scan(append(into, &position, &deleted)...); err != nil {
		return rowID[K]{}, nil, err
	}
	s.position, s.deleted = event.FromBig(&position), deleted != 0
	return rowID[K]{tenant, d.KeyOf(&s.row)}, &s, nil
}

// rowBatch is full rows that are to be stored.
type rowBatch struct {
	count int
	row   func(i int) []any // in the order of Table.insert
}

func (d Definition[K, R]) batch(ids []rowID[K], rows map[rowID[K]]*state[R]) rowBatch {
	return rowBatch{len(ids), func(i int) []any {
		s := rows[ids[i]]
		return stored(ids[i].tenant, d.Values(&s.row), s.position, s.deleted)
	}}
}

// stored is a full row in the order of Table.insert.
func stored(tenant uuid.UUID, values []any, position event.Position, deleted bool) []any {
	mark := uint8(0)
	if deleted {
		mark = 1
	}
	return append(append([]any{tenant}, values...), position.Big(), mark)
}

// inserts sends several partitions' rows by one statement.
func (t target) inserts(table Table) *together[rowBatch] {
	statement := table.insert(t.table)
	return newTogether(func(ctx context.Context, all []rowBatch) error {
		batch, err := t.db.PrepareBatch(durable(ctx), statement)
		if err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
		defer batch.Close()
		for _, rows := range all {
			for i := range rows.count {
				if err := batch.Append(rows.row(i)...); err != nil {
					return fmt.Errorf("%s: row %d: %w", statement, i, err)
				}
			}
		}
		if err := batch.Send(); err != nil {
			return fmt.Errorf("%s: send %d rows: %w", statement, batch.Rows(), err)
		}
		return nil
	})
}
