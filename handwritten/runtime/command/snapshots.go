package command

import (
	"context"

	"github.com/oksai/oksai/handwritten/runtime/event"
)

type snapshot[S any] struct {
	stream event.Stream
	loaded Loaded[S]
}

// snapshotQueue is short: a snapshot that finds no room is left out, and the
// next one that is due makes up for it.
type snapshotQueue[S any] chan snapshot[S]

func newSnapshotQueue[S any]() snapshotQueue[S] { return make(snapshotQueue[S], 64) }

func (q snapshotQueue[S]) offer(s snapshot[S]) {
	select {
	case q <- s:
	default:
	}
}

// Run saves the snapshots that become due, until ctx ends. No command waits for
// it, and without it none are saved: loading is slower then, not different.
func (r *Repository[S]) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-r.snapshots:
			raw := r.agg.EncodeState(s.loaded.State, nil)
			err := r.store.SaveSnapshot(ctx, s.stream, s.loaded.Version, r.schema(), raw)
			if err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "snapshot not saved; loading stays slower until the next one",
					"aggregate", r.agg.Type, "stream", s.stream.ID, "version", s.loaded.Version, "error", err)
			}
		}
	}
}
