package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// ReadLog returns the events of all tenants after a position, in log order, as
// far as nothing can be committed before them any more. It stops after limit
// events at the end of a transaction, so a page may be longer, never shorter,
// while there are more. No events: the reader has all that may be read now.
func (s *Store) ReadLog(ctx context.Context, after event.Position, limit int) ([]event.Recorded, error) {
	rows, err := db.New(s.reader).ReadLog(ctx, db.ReadLogParams{
		Epoch: int32(after.Epoch), Xid: after.XID, Seq: after.Seq, Page: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("read the log after %v: %w", after, err)
	}
	return recorded(rows), nil
}

// LastPosition is the position of the last event that ReadLog returns now; zero if there is none.
func (s *Store) LastPosition(ctx context.Context) (event.Position, error) {
	row, _, err := first(db.New(s.reader).LastPosition(ctx))
	if err != nil {
		return event.Position{}, fmt.Errorf("read the log's last position: %w", err)
	}
	return position(row.Epoch, row.Xid, row.Seq), nil
}

// WatermarkAge is how long the oldest committed event has been held back from
// readers of the log, because an older transaction is still open; 0 if none is.
// It grows without bound when someone forgets to end a transaction.
func (s *Store) WatermarkAge(ctx context.Context) (time.Duration, error) {
	at, held, err := first(db.New(s.reader).OldestHeldBack(ctx))
	if err != nil {
		return 0, fmt.Errorf("read the age of the log's watermark: %w", err)
	}
	if !held {
		return 0, nil
	}
	return max(s.now().Sub(at), 0), nil
}
