package eventstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// A stream is a register that holds its version: an append moves it by one if
// it holds what was expected.
type (
	streamInput struct {
		read     bool
		expected int64
	}
	streamOutput struct {
		version int64 // of a read, or after an append
		refused bool
		unknown bool
	}
)

var streamModel = porcupine.Model{
	Init: func() any { return int64(0) },
	Step: func(state, input, output any) (bool, any) {
		version, in, out := state.(int64), input.(streamInput), output.(streamOutput)
		switch {
		case in.read:
			return out.version == version, version
		case out.unknown: // once or not at all: porcupine may place it last, where it disturbs nobody
			if version == in.expected {
				return true, version + 1
			}
			return true, version
		case out.refused:
			return version != in.expected, version
		}
		return version == in.expected && out.version == version+1, version + 1
	},
}

// history records what clients did, and when.
type history struct {
	mu         sync.Mutex
	start      time.Time
	operations []porcupine.Operation
}

func (h *history) record(client int, in streamInput, do func() streamOutput) {
	call := time.Since(h.start).Nanoseconds()
	out := do()
	end := time.Since(h.start).Nanoseconds()
	if out.unknown {
		end = time.Hour.Nanoseconds() // it may still happen
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: end})
}

func TestOneStreamIsLinearizable(t *testing.T) {
	t.Parallel()
	url := database(t)
	one, _ := startAt(t, url, nil)
	two, _ := startAt(t, url, nil)
	stream := newStream(uuid.New())
	h := &history{start: time.Now()}
	var wg sync.WaitGroup
	for client := range 12 {
		store := []*eventstore.Store{one, two}[client%2]
		wg.Go(func() {
			for range 12 {
				h.record(client, streamInput{read: true}, func() streamOutput {
					version, err := store.Head(t.Context(), stream.Tenant, stream.ID)
					if err != nil {
						t.Error(err)
					}
					return streamOutput{version: version}
				})
				head, err := store.Head(t.Context(), stream.Tenant, stream.ID)
				if err != nil {
					t.Error(err)
				}
				h.record(client, streamInput{expected: head}, func() streamOutput { return appendOne(t, store, stream.Tenant, stream.ID, head) })
			}
		})
	}
	wg.Wait()
	if !porcupine.CheckOperations(streamModel, h.operations) {
		t.Error("no order of these operations explains what the clients saw")
	}
	// The checker itself must notice when two clients are told that they made the same version.
	// One whose maker does not know of it would prove nothing.
	made := map[int64]bool{}
	for _, o := range h.operations {
		if out := o.Output.(streamOutput); !o.Input.(streamInput).read && !out.refused && !out.unknown {
			made[out.version] = true
		}
	}
	for i, o := range h.operations {
		if next := o.Input.(streamInput).expected + 1; o.Output.(streamOutput).refused && made[next] {
			h.operations[i].Output = streamOutput{version: next}
			break
		}
	}
	if porcupine.CheckOperations(streamModel, h.operations) {
		t.Error("the checker accepts a history in which one version was made twice: it proves nothing")
	}
}

// appendOne sometimes gives up before it knows the outcome.
func appendOne(t *testing.T, store *eventstore.Store, tenant, id uuid.UUID, expected int64) streamOutput {
	limit := time.Minute
	if rand.IntN(8) == 0 {
		limit = time.Duration(rand.IntN(3000)) * time.Microsecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	stream := newStream(tenant)
	stream.ID = id
	result, err := store.Append(ctx, eventstore.Append{Stream: stream, Expected: expected, Events: events(1)})
	switch {
	case err == nil:
		return streamOutput{version: result.Version}
	case isConflict(err):
		return streamOutput{refused: true}
	case errors.Is(err, context.DeadlineExceeded):
		return streamOutput{unknown: true}
	}
	t.Error(err)
	return streamOutput{unknown: true}
}
