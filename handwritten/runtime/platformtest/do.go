package platformtest

import (
	"context"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/command"
)

// Do runs a command on an aggregate.
func Do[S, C any](ctx context.Context, at *command.Repository[S], tenant, id uuid.UUID, prepare command.Prepare[S, C], cmd C) (command.Outcome[S], error) {
	return command.Do(ctx, at, command.Request[S]{ID: id}, prepare, caller(tenant), cmd)
}

// Create runs a command that creates an aggregate.
func Create[S, C any](ctx context.Context, at *command.Repository[S], tenant, id uuid.UUID, prepare command.Prepare[S, C], cmd C) (command.Outcome[S], error) {
	return command.Do(ctx, at, command.Request[S]{ID: id, Creates: true}, prepare, caller(tenant), cmd)
}

// caller is an operator.
func caller(tenant uuid.UUID) command.Caller {
	return command.Caller{Tenant: tenant, Subject: "test", Roles: []string{authn.PlatformRole}}
}
