package service

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/operations"
)

type eventsCommand struct {
	Tail   tailEvents   `cmd:"" help:"Print the last events of the log."`
	Stream streamEvents `cmd:"" help:"Print all events of one stream."`
}

type tailEvents struct {
	Tenant *uuid.UUID      `help:"Only this tenant's."`
	Module string          `help:"Only this module's."`
	From   *event.Position `help:"Print what comes after this position, e.g. 1/742/15, instead of the last events."`
	Lines  int             `short:"n" default:"10" help:"How many of the last events."`
	Follow bool            `short:"f" help:"Go on with those that come, until interrupted."`
	JSON   bool            `help:"Print each event as JSON on a line."`
}

func (c tailEvents) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		filter := operations.EventFilter{Tenant: c.Tenant, Module: c.Module}
		from, err := c.from(ctx, ops, filter)
		if err != nil {
			return err
		}
		err = ops.Events(ctx, filter, from, c.Follow, func(e operations.Event) error { return i.printEvent(e, c.JSON) })
		if ctx.Err() != nil {
			return nil // the way to end it
		}
		return err
	})
}

func (c tailEvents) from(ctx context.Context, ops *operations.Operations, f operations.EventFilter) (event.Position, error) {
	if c.From != nil {
		return *c.From, nil
	}
	return ops.BeforeLast(ctx, f, c.Lines)
}

// printEvent prints an event on one line: who reads them one by one wants no table.
func (i *invocation) printEvent(e operations.Event, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(i.out).Encode(e)
	}
	_, err := fmt.Fprintf(i.out, "%s  %s  tenant %s  %s %s v%d  by %s  %s\n",
		e.Position, stamp(e.At), e.Tenant, e.Type, e.Stream, e.Version, dash(e.By), e.Data)
	return err
}

type streamEvents struct {
	ID     uuid.UUID `arg:"" help:"The stream's id, which is its aggregate's."`
	Tenant uuid.UUID `required:"" help:"The tenant it belongs to."`
	JSON   bool      `help:"Print each event as JSON on a line."`
}

func (c streamEvents) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		events, err := ops.History(ctx, c.Tenant, c.ID, 1, 0)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := i.printEvent(e, c.JSON); err != nil {
				return err
			}
		}
		return nil
	})
}
