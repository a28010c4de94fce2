package operators

import (
	"context"
	"errors"

	"github.com/oksai/oksai/gen/operators"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/operations"
	"github.com/oksai/oksai/handwritten/runtime/optional"
)

// ListStreams implements operators.Operations.
func (a api) ListStreams(ctx context.Context, _ command.Caller, in operators.ListStreams) (operators.ListStreamsResult, error) {
	found, err := a.Streams(ctx, operations.StreamFilter{Tenant: in.Tenant, Type: optional.Value(in.Type), After: optional.Value(in.After), Limit: in.Limit})
	return operators.ListStreamsResult{Items: each(found, func(s operations.Stream) operators.Stream { return operators.Stream(s) })}, err
}

// ReadStream implements operators.Operations.
func (a api) ReadStream(ctx context.Context, _ command.Caller, in operators.ReadStream) (operators.ReadStreamResult, error) {
	events, err := a.History(ctx, in.Tenant, in.ID, in.From, in.Limit)
	if errors.Is(err, operations.ErrUnknown) {
		err = in.StreamUnknown()
	}
	return operators.ReadStreamResult{Items: each(events, logged)}, err
}

func logged(e operations.Event) operators.LoggedEvent {
	return operators.LoggedEvent{
		Position: e.Position.String(), ID: e.ID, Type: e.Type, SchemaVersion: int64(e.Schema), Tenant: e.Tenant, StreamType: e.StreamType,
		Stream: e.Stream, Version: e.Version, At: e.At, By: e.By, Correlation: e.Correlation, Causation: e.Causation, Data: e.Data,
	}
}
