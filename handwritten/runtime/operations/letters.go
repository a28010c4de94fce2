package operations

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/optional"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// DeadLetters lists events that consumers could not handle, in log order of each stream.
func (o *Operations) DeadLetters(ctx context.Context, f reaction.Filter) ([]reaction.Letter, error) {
	return o.letters.List(ctx, f)
}

// LetterGroups counts what is parked by consumer and cause.
func (o *Operations) LetterGroups(ctx context.Context) ([]reaction.Group, error) {
	return o.letters.Groups(ctx)
}

// Replayable lists the streams that Replay would have handled again.
func (o *Operations) Replayable(ctx context.Context, f reaction.Filter) ([]reaction.ParkedStream, error) {
	return o.letters.Replayable(ctx, f)
}

// Replay has parked events of reactions handled again, by processes that have
// them, and does not wait for it: the streams with a parked event that the filter
// selects, whole and in order. by is the operator.
func (o *Operations) Replay(ctx context.Context, by string, f reaction.Filter) ([]reaction.ParkedStream, error) {
	if err := o.note(ctx, by, "ReplayDeadLetters", optional.Value(f.Tenant), f.Consumer); err != nil {
		return nil, err
	}
	return o.letters.Replay(ctx, f)
}

// AwaitReplayed waits until streams that Replay has returned were handled again,
// and returns those that are parked still, as one of their events failed.
func (o *Operations) AwaitReplayed(ctx context.Context, f reaction.Filter, streams []reaction.ParkedStream) (left []reaction.ParkedStream, err error) {
	f.Code, f.Event = "", nil // they change, or go, while their stream is handled
	err = await(ctx, func() (done bool, err error) {
		if left, err = o.letters.Replayable(ctx, f); err != nil {
			return false, err
		}
		left = slices.DeleteFunc(left, func(s reaction.ParkedStream) bool {
			return !slices.ContainsFunc(streams, func(wished reaction.ParkedStream) bool { return wished.Same(s) })
		})
		return !slices.ContainsFunc(left, func(s reaction.ParkedStream) bool { return s.Wanted > 0 }), nil
	})
	return left, err
}

// Discard gives a reaction's parked event up for good. by is the operator.
func (o *Operations) Discard(ctx context.Context, by, consumer string, tenant, event uuid.UUID) error {
	if err := o.note(ctx, by, "DiscardDeadLetter", tenant, fmt.Sprintf("%s %s", consumer, event)); err != nil {
		return err
	}
	return o.letters.Discard(ctx, consumer, tenant, event)
}
