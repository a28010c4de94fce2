package operators

import (
	"context"
	"errors"

	"github.com/oksai/oksai/gen/operators"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/optional"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// ListDeadLetters implements operators.Operations.
func (a api) ListDeadLetters(ctx context.Context, _ command.Caller, in operators.ListDeadLetters) (operators.ListDeadLettersResult, error) {
	filter := reaction.Filter{
		Consumer: optional.Value(in.Consumer), Tenant: in.Tenant, Stream: in.Stream, Event: in.Event, Code: optional.Value(in.Code), Limit: int(in.Limit),
	}
	if in.Status != operators.ListDeadLettersStatusAny {
		filter.Status = string(in.Status)
	}
	letters, err := a.DeadLetters(ctx, filter)
	return operators.ListDeadLettersResult{Items: each(letters, letter)}, err
}

func letter(l reaction.Letter) operators.DeadLetter {
	return operators.DeadLetter{
		Consumer: l.Consumer, Event: l.Event, Tenant: l.Tenant, Stream: l.Stream, Code: l.Code, Error: l.Error,
		Attempts: int64(l.Attempts), FirstAt: l.FirstAt, LastAt: l.LastAt, Status: operators.DeadLetterStatus(l.Status),
		Wanted: l.Wanted, Record: l.Record,
	}
}

// GroupDeadLetters implements operators.Operations.
func (a api) GroupDeadLetters(ctx context.Context, _ command.Caller, _ operators.GroupDeadLetters) (operators.GroupDeadLettersResult, error) {
	groups, err := a.LetterGroups(ctx)
	return operators.GroupDeadLettersResult{Items: each(groups, group)}, err
}

func group(g reaction.Group) operators.LetterGroup {
	return operators.LetterGroup{Consumer: g.Consumer, Code: g.Code, Events: g.Count, Streams: g.Streams, Oldest: g.Oldest, Example: g.Example}
}

// ReplayDeadLetters implements operators.Operations.
func (a api) ReplayDeadLetters(ctx context.Context, by command.Caller, in operators.ReplayDeadLetters) (operators.ReplayDeadLettersResult, error) {
	filter := reaction.Filter{Consumer: in.Consumer, Tenant: in.Tenant, Stream: in.Stream, Event: in.Event, Code: optional.Value(in.Code)}
	var streams []reaction.ParkedStream
	var err error
	if in.DryRun {
		streams, err = a.Replayable(ctx, filter)
	} else {
		streams, err = a.Replay(ctx, by.Subject, filter)
	}
	if errors.Is(err, reaction.ErrProjection) {
		err = in.ProjectionLetter()
	}
	return operators.ReplayDeadLettersResult{Streams: each(streams, parked)}, err
}

func parked(s reaction.ParkedStream) operators.ParkedStream {
	return operators.ParkedStream{Consumer: s.Consumer, Tenant: s.Tenant, Stream: s.Stream, Events: int64(s.Events), Wanted: int64(s.Wanted)}
}

// DiscardDeadLetter implements operators.Operations.
func (a api) DiscardDeadLetter(ctx context.Context, by command.Caller, in operators.DiscardDeadLetter) error {
	err := a.Discard(ctx, by.Subject, in.Consumer, in.Tenant, in.Event)
	switch {
	case errors.Is(err, reaction.ErrNotParked):
		return in.NotParked()
	case errors.Is(err, reaction.ErrProjection):
		return in.ProjectionLetter()
	}
	return err
}
