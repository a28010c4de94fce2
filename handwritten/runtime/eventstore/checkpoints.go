package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// Checkpoint is how far a consumer has come in one partition.
type Checkpoint struct {
	Consumer  string
	Partition int32
	// Fence numbers the owners. Only the last one's may save.
	Fence int64
	// Position of the last event that took effect.
	Position event.Position
	// Count of events handled so far.
	Count     int64
	LastError string
	UpdatedAt time.Time
}

// DB is where a checkpoint is saved: the transaction that holds the effects, or a pool.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// LoadCheckpoint returns a consumer's checkpoint; at the zero position if it has none yet.
func (s *Store) LoadCheckpoint(ctx context.Context, consumer string, partition int32) (Checkpoint, error) {
	row, found, err := first(db.New(s.reader).LoadCheckpoint(ctx, db.LoadCheckpointParams{Consumer: consumer, Partition: partition}))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("load the checkpoint of %s, partition %d: %w", consumer, partition, err)
	}
	if !found {
		return Checkpoint{Consumer: consumer, Partition: partition}, nil
	}
	return checkpoint(row), nil
}

// Checkpoints lists the checkpoints of all consumers, by consumer and partition.
func (s *Store) Checkpoints(ctx context.Context) ([]Checkpoint, error) {
	rows, err := db.New(s.reader).ListCheckpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the checkpoints: %w", err)
	}
	all := make([]Checkpoint, len(rows))
	for i, row := range rows {
		all[i] = checkpoint(row)
	}
	return all, nil
}

// ClaimCheckpoint makes the caller the owner of a partition: from now on, saves
// by earlier owners fail with ErrFenced, however long they were paused.
func (s *Store) ClaimCheckpoint(ctx context.Context, consumer string, partition int32) (Checkpoint, error) {
	row, err := db.New(s.writer).ClaimCheckpoint(ctx, db.ClaimCheckpointParams{Consumer: consumer, Partition: partition, Now: s.now()})
	if err != nil {
		return Checkpoint{}, fmt.Errorf("claim the checkpoint of %s, partition %d: %w", consumer, partition, err)
	}
	return checkpoint(row), nil
}

// SaveCheckpoint stores c if its fence is still the last one given out and its
// position does not go back; otherwise it returns ErrFenced, and the effects in
// the same transaction must not be committed.
func (s *Store) SaveCheckpoint(ctx context.Context, where DB, c Checkpoint) error {
	saved, err := db.New(where).SaveCheckpoint(ctx, db.SaveCheckpointParams{
		Consumer: c.Consumer, Partition: c.Partition, Fence: c.Fence,
		Epoch: int32(c.Position.Epoch), Xid: c.Position.XID, Seq: c.Position.Seq,
		Count: c.Count, LastError: c.LastError, Now: s.now(),
	})
	if err == nil && saved == 0 {
		err = ErrFenced
	}
	if err != nil {
		return fmt.Errorf("save the checkpoint of %s, partition %d, at %v: %w", c.Consumer, c.Partition, c.Position, err)
	}
	return nil
}

func checkpoint(r db.OksaiCheckpoint) Checkpoint {
	return Checkpoint{
		Consumer: r.Consumer, Partition: r.Partition, Fence: r.Fence, Position: position(r.Epoch, r.Xid, r.Seq),
		Count: r.Count, LastError: r.LastError, UpdatedAt: r.UpdatedAt.UTC(),
	}
}
