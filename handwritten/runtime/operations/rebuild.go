package operations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// poll is how often those who wait for a wish look whether it is fulfilled.
const poll = 200 * time.Millisecond

// Rebuild has a projection folded again from the whole log, by a process that
// has it, and does not wait for it. A name without a version means the newest. It
// returns the consumer's name. by is the operator.
func (o *Operations) Rebuild(ctx context.Context, by, name string) (string, error) {
	if err := o.note(ctx, by, "RebuildProjection", uuid.Nil, name); err != nil {
		return "", err
	}
	consumer, err := o.config.Registry.Renew(ctx, name)
	if err == nil && consumer == "" {
		err = fmt.Errorf("no projection named %q was ever built (%w): list the projections to see what there is", name, ErrUnknown)
	}
	return consumer, err
}

// AwaitBuilt waits until a consumer that Rebuild has named is built. An error
// that ends a try to build it ends the waiting, though not the tries.
func (o *Operations) AwaitBuilt(ctx context.Context, consumer string) error {
	return await(ctx, func() (bool, error) {
		all, err := o.config.Registry.Registrations(ctx)
		at := slices.IndexFunc(all, func(r projection.Registration) bool { return r.Consumer == consumer })
		if err != nil || at < 0 {
			return false, errors.Join(err, ctx.Err())
		}
		if cause := all[at].LastError; cause != "" {
			return false, fmt.Errorf("%s could not be built, it is tried again: %s", consumer, cause)
		}
		return all[at].Status == projection.Built, nil
	})
}

// await asks until the answer is yes, an error, or ctx ends.
func await(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if done, err := ask(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
