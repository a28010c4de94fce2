package platformtest

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/command"
)

// Prepare is how a generated runner prepares a command C of an aggregate S.
type Prepare[S, C any] = func(context.Context, command.Caller, C) (func(*S, time.Time) (command.Decision[S], error), error)

// Do runs a command on an aggregate.
func Do[S, C any](ctx context.Context, at *command.Repository[S], tenant, id uuid.UUID, prepare Prepare[S, C], cmd C) (command.Outcome[S], error) {
	return run(ctx, at, command.Request[S]{Tenant: tenant, ID: id}, prepare, cmd)
}

// Create runs a command that creates an aggregate.
func Create[S, C any](ctx context.Context, at *command.Repository[S], tenant, id uuid.UUID, prepare Prepare[S, C], cmd C) (command.Outcome[S], error) {
	return run(ctx, at, command.Request[S]{Tenant: tenant, ID: id, Creates: true}, prepare, cmd)
}

func run[S, C any](ctx context.Context, at *command.Repository[S], request command.Request[S], prepare Prepare[S, C], cmd C) (command.Outcome[S], error) {
	var err error
	caller := command.Caller{Tenant: request.Tenant, Subject: "test"}
	if request.Decide, err = prepare(ctx, caller, cmd); err != nil {
		return command.Outcome[S]{}, err
	}
	return at.Execute(ctx, request)
}
