package projection

import (
	"context"
	"errors"
	"sync"

	"github.com/oksai/oksai/handwritten/runtime/consume"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// errNotBuilt stops writers: a rebuild is at work, or one did not end.
var errNotBuilt = errors.New("the read model is not built yet")

// lane is a partition's writer, and the checkpoint that its memory belongs to.
type lane struct {
	writer   writer
	parked   *parking
	position event.Position
}

// lanes are the partitions that this process writes.
type lanes struct {
	mu   sync.Mutex
	open map[int32]*lane
}

// at finds the batch's lane. What it remembers is good only if the checkpoint is
// where it left it: otherwise another process, or a rebuild, has written
// meanwhile, and folding onto remembered rows would lose theirs.
func (l *lanes) at(ctx context.Context, b *consume.Batch, store *Store, consumer string, writer func(*parking) writer) (*lane, error) {
	l.mu.Lock()
	found := l.open[b.Partition]
	l.mu.Unlock()
	if found != nil && found.position == b.From {
		return found, nil
	}
	built, err := store.built(ctx, consumer)
	if err != nil {
		return nil, err
	}
	if !built {
		return nil, errNotBuilt
	}
	since, err := store.parked(ctx, consumer)
	if err != nil {
		return nil, err
	}
	fresh := &lane{parked: newParking(since), position: b.From}
	fresh.writer = writer(fresh.parked)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[int32]*lane{}
	}
	l.open[b.Partition] = fresh
	return fresh, nil
}

func (l *lanes) drop(partition int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, partition)
}

func (l *lanes) dropAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.open)
}
