package command

import (
	"context"
	"time"
)

// Prepare is how a generated runner prepares a command C of an aggregate S.
type Prepare[S, C any] = func(context.Context, Caller, C) (func(*S, time.Time) (Decision[S], error), error)

// Do prepares a command for the caller and executes it, for those that do not
// come as requests of their own. Of req it fills in Tenant and Decide.
func Do[S, C any](ctx context.Context, at *Repository[S], req Request[S], prepare Prepare[S, C], caller Caller, cmd C) (out Outcome[S], err error) {
	req.Tenant = caller.Tenant
	if req.Decide, err = prepare(ctx, caller, cmd); err != nil {
		return out, err
	}
	return at.Execute(ctx, req)
}
