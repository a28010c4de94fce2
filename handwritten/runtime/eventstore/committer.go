package eventstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// maxBatchBytes bounds the payloads of one batch.
const maxBatchBytes = 4 << 20

// pending is a command whose caller waits.
type pending struct {
	*command
	ctx  context.Context
	done chan outcome // has room for the one outcome, so that answering never blocks
}

func (p *pending) answer(o outcome) { p.done <- o }

// commitTogether hands a command to the committer and waits for its outcome.
func (s *Store) commitTogether(ctx context.Context, c *command) (Result, error) {
	p := &pending{command: c, ctx: ctx, done: make(chan outcome, 1)}
	select {
	case s.queue <- p:
	case <-s.stopped:
		return Result{}, ErrStopped
	case <-ctx.Done():
		return Result{}, fmt.Errorf("nothing was appended, as no batch had room in time: %w", ctx.Err())
	}
	select {
	case o := <-p.done:
		return o.result, o.err
	case <-ctx.Done():
		return Result{}, fmt.Errorf("%w: %w", ErrUnknownOutcome, ctx.Err())
	}
}

// Run commits what Append is given, until ctx ends; batches under way are
// finished first. It may be called once.
//
// While batches are in flight the next one gathers, so batches are as large as
// the load is high, and a lone command waits for nobody. Keys that are too old
// are deleted every hour.
func (s *Store) Run(ctx context.Context) error {
	if s.running.Swap(true) {
		return errors.New("run the event store: it was started before")
	}
	defer close(s.stopped)
	var loops sync.WaitGroup
	for range commitLanes {
		loops.Go(func() { s.commitBatches(ctx) })
	}
	loops.Go(func() { s.forgetOldKeys(ctx) })
	loops.Wait()
	return nil
}

// commitLanes is how many batches are under way at a time: while one is with the
// server, another is made up or taken apart here. On two processors that gave 1.5
// times the appends of one lane; a third lane took some of it away again. To each
// other, lanes are what other processes are: the unique index keeps them apart.
const commitLanes = 2

func (s *Store) commitBatches(ctx context.Context) {
	c := &committer{store: s, ctx: context.WithoutCancel(ctx)}
	defer c.link.close()
	defer c.apart.Wait()
	for c.receive(ctx) {
		c.commit(c.nextBatch())
	}
	for _, p := range c.waiting {
		p.answer(outcome{err: ErrStopped})
	}
}

// committer is one lane: a connection, and the batches that go over it.
type committer struct {
	store   *Store
	ctx     context.Context
	waiting []*pending
	last    int // size of the last batch
	link    link
	apart   sync.WaitGroup
}

// receive takes what callers offer, waiting for the first. It returns false when ctx has ended.
func (c *committer) receive(ctx context.Context) bool {
	if len(c.waiting) == 0 {
		select {
		case p := <-c.store.queue:
			c.waiting = append(c.waiting, p)
		case <-ctx.Done():
			return false
		}
	}
	// Callers answered a moment ago are about to come back. Letting them run
	// first makes one full batch of what would be a small and a large one.
	for yields := 0; len(c.waiting) < c.store.config.MaxBatch; {
		select {
		case p := <-c.store.queue:
			c.waiting = append(c.waiting, p)
			continue
		default:
		}
		if len(c.waiting) >= c.last || yields == maxYields {
			break
		}
		yields++
		runtime.Gosched()
	}
	return ctx.Err() == nil
}

const maxYields = 8

// nextBatch takes from those waiting at most one command per stream and per
// key: a second one must see what the first one did. Streams of two tenants may
// have one id; they go into two batches, so that the database knows each by its
// id. Sorted by stream, two processes' batches cannot lock each other out.
func (c *committer) nextBatch() []*pending {
	type keyID struct {
		tenant      uuid.UUID
		scope, name string
	}
	taken, size := map[any]bool{}, 0
	var batch, later []*pending
	for _, p := range c.waiting {
		if err := p.ctx.Err(); err != nil {
			p.answer(outcome{err: fmt.Errorf("nothing was appended: %w", err)})
			continue
		}
		stream, key := any(p.Stream.ID), any(nil)
		if p.Key != nil {
			key = keyID{p.Stream.Tenant, p.Key.Scope, p.Key.Name}
		}
		if taken[stream] || key != nil && taken[key] || len(batch) > 0 && size+p.size > maxBatchBytes {
			later = append(later, p)
			continue
		}
		taken[stream], size = true, size+p.size
		if key != nil {
			taken[key] = true
		}
		batch = append(batch, p)
	}
	c.waiting, c.last = later, len(batch)
	slices.SortFunc(batch, func(a, b *pending) int {
		return cmp.Or(bytes.Compare(a.Stream.Tenant[:], b.Stream.Tenant[:]), bytes.Compare(a.Stream.ID[:], b.Stream.ID[:]))
	})
	return batch
}

// commit settles a batch. What the server refuses as a whole is cut in halves
// until the one command at fault is alone.
func (c *committer) commit(batch []*pending) {
	for try := 1; len(batch) > 0; try++ {
		rows, err := c.execute(batch)
		var refused *pgconn.PgError
		switch {
		case err == nil:
			c.settle(batch, rows)
		case !errors.As(err, &refused) || c.link.lost():
			c.fail(batch, err)
		case len(batch) > 1:
			c.commit(batch[:len(batch)/2])
			c.commit(batch[len(batch)/2:])
		case refused.Code == lockNotAvailable:
			// Someone holds this stream: wait for it apart from the others.
			c.apart.Go(func() { c.commitApart(batch[0]) })
		case lostRace(err) && try < tries:
			continue
		default:
			c.fail(batch, err)
		}
		return
	}
}

func (c *committer) commitApart(p *pending) {
	result, err := c.store.commitAlone(p.ctx, p.command)
	p.answer(outcome{result, err})
}

func (c *committer) execute(batch []*pending) ([]db.AppendBatchRow, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.store.config.CommitTimeout)
	defer cancel()
	conn, err := c.link.connect(ctx, c.store.config.URL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	rows, err := db.New(conn).AppendBatch(ctx, batchParams(commandsOf(batch)))
	if err != nil && conn.IsClosed() {
		err = fmt.Errorf("%w: the connection broke: %w", ErrUnknownOutcome, err)
	}
	return rows, err
}

func commandsOf(batch []*pending) []*command {
	commands := make([]*command, len(batch))
	for i, p := range batch {
		commands[i] = p.command
	}
	return commands
}

// settle answers a batch, and those waiting whose fate it has decided too:
// after 64 commands on one stream, one has won and 63 need no round trip to lose.
func (c *committer) settle(batch []*pending, rows []db.AppendBatchRow) {
	all := outcomes(commandsOf(batch), rows)
	decided := make(map[event.Stream]func(expected int64) bool, len(batch))
	for i, p := range batch {
		decided[p.Stream] = all[i].decides(p.command)
		p.answer(all[i])
	}
	c.waiting = slices.DeleteFunc(c.waiting, func(w *pending) bool {
		lost := decided[w.Stream] != nil && decided[w.Stream](w.Expected)
		if lost {
			w.answer(outcome{err: &ConflictError{Stream: w.Stream, Expected: w.Expected}})
		}
		return lost
	})
}

func (c *committer) fail(batch []*pending, err error) {
	c.store.config.Log.Error("a batch of appends failed", "commands", len(batch), "error", err)
	for _, p := range batch {
		p.answer(outcome{err: err})
	}
}
