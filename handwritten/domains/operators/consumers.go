package operators

import (
	"context"
	"errors"

	"github.com/oksai/oksai/gen/operators"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/operations"
)

// ListConsumers implements operators.Operations.
func (a api) ListConsumers(ctx context.Context, _ command.Caller, _ operators.ListConsumers) (operators.ListConsumersResult, error) {
	all, err := a.Consumers(ctx)
	if err != nil {
		return operators.ListConsumersResult{}, err
	}
	// What Kafka does not tell is absent: that it is away is no reason to show nothing.
	_ = a.MeasureLag(ctx, all)
	return operators.ListConsumersResult{Items: each(all, consumer)}, nil
}

func consumer(c operations.Consumer) operators.Consumer {
	shown := operators.Consumer{
		Name: c.Name, Kind: operators.ConsumerKind(c.Kind), Paused: c.Paused, Position: c.Position.String(), Lag: c.Lag,
		Handled: c.Handled, AdvancedAt: c.AdvancedAt, LastError: c.LastError, ParkedStreams: c.ParkedStreams, ParkedEvents: c.ParkedEvents,
	}
	if c.Status != "" {
		shown.Status = &c.Status
	}
	return shown
}

// PauseConsumer implements operators.Operations.
func (a api) PauseConsumer(ctx context.Context, by command.Caller, in operators.PauseConsumer) (operators.PauseConsumerResult, error) {
	names, err := a.Pause(ctx, by.Subject, in.Name)
	if errors.Is(err, operations.ErrUnknown) {
		err = in.ConsumerUnknown()
	}
	return operators.PauseConsumerResult{Items: names}, err
}

// ResumeConsumer implements operators.Operations.
func (a api) ResumeConsumer(ctx context.Context, by command.Caller, in operators.ResumeConsumer) (operators.ResumeConsumerResult, error) {
	names, err := a.Resume(ctx, by.Subject, in.Name)
	if errors.Is(err, operations.ErrUnknown) {
		err = in.ConsumerUnknown()
	}
	return operators.ResumeConsumerResult{Items: names}, err
}

// RebuildProjection implements operators.Operations.
func (a api) RebuildProjection(ctx context.Context, by command.Caller, in operators.RebuildProjection) (operators.RebuildProjectionResult, error) {
	name, err := a.Rebuild(ctx, by.Subject, in.Name)
	if errors.Is(err, operations.ErrUnknown) {
		err = in.ProjectionUnknown()
	}
	return operators.RebuildProjectionResult{Name: name}, err
}
