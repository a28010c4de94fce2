package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// idleWatch is how long the platform is watched doing nothing.
const idleWatch = 10 * time.Second

// idleTenants measures what tenants cost that are there and do nothing: in the
// app's memory, in PostgreSQL, and in CPU time while nothing is asked.
func idleTenants(ctx context.Context, l *lab) (lines []line, err error) {
	a, err := l.startApp(ctx, "platform-api")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	before, err := a.standing(ctx, l)
	if err != nil {
		return nil, err
	}
	if err := a.open(ctx, l.tenants); err != nil {
		return nil, err
	}
	after, err := a.standing(ctx, l)
	if err != nil {
		return nil, err
	}
	each := func(what float64) float64 { return what / float64(l.tenants) }
	name := fmt.Sprintf("an idle tenant, of %d", l.tenants)
	return []line{
		figure(name+", in PostgreSQL", fmt.Sprintf("%.1f kB", each(after.disk-before.disk)/1024), "its events, its subscription's, and their timers, keys and indexes"),
		figure(name+", in the app's memory", fmt.Sprintf("%.1f kB", each(after.memory-before.memory)*1024), fmt.Sprintf("resident %.0f MB before, %.0f MB after they were opened; heap in use %.0f MB and %.0f MB", before.memory, after.memory, before.heap/(1<<20), after.heap/(1<<20))),
		figure(name+", CPU while idle", fmt.Sprintf("%.2f ms/day", each(after.cpu-before.cpu)*86400*1000), fmt.Sprintf("all processes use %.1f %% of a core without them and %.1f %% with them", 100*before.cpu, 100*after.cpu)),
	}, nil
}

// standing is what the platform takes when nothing is asked of it.
type standing struct {
	memory float64 // of the app, in MB
	heap   float64 // what of it Go's heap has in use, in bytes
	disk   float64 // of the database, in bytes
	cpu    float64 // cores that all processes use
}

func (a *app) standing(ctx context.Context, l *lab) (s standing, err error) {
	if err := settle(ctx); err != nil {
		return s, err
	}
	watch := min(idleWatch, 5*l.turn)
	before := treeCPU()
	select {
	case <-time.After(watch):
	case <-ctx.Done():
		return s, ctx.Err()
	}
	after := treeCPU()
	s.cpu = (after.sum() - before.sum()).Seconds() / watch.Seconds()
	s.memory = residentMB(a.cmd.Process.Pid)
	if s.heap, err = a.metric("go_memstats_heap_inuse_bytes"); err != nil {
		return s, err
	}
	conn, err := pgx.Connect(ctx, a.db.postgres)
	if err != nil {
		return s, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return s, conn.QueryRow(ctx, `SELECT pg_database_size(current_database())`).Scan(&s.disk)
}

// open makes tenants, from several clients at once.
func (a *app) open(ctx context.Context, count int) error {
	wires := newWires(a.address, connections)
	defer hangUp(wires...)
	next := make(chan int, count)
	for n := range count {
		next <- n
	}
	close(next)
	all := clients(len(wires), func(_ context.Context, client int) error {
		n, more := <-next
		if !more {
			return errDone
		}
		_, err := wires[client].must(201, "POST", "/tenants", a.admin, fmt.Sprintf(`{"name": "Idle %d", "slug": "idle-%[1]d"}`, n))
		return err
	})
	if _, err := all(ctx, time.Now().Add(time.Hour)); !errors.Is(err, errDone) {
		return err
	}
	return nil
}
