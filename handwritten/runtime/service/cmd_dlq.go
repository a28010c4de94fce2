package service

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/operations"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

type dlqCommand struct {
	List    listLetters    `cmd:"" help:"List dead letters."`
	Groups  groupLetters   `cmd:"" help:"Count what is parked by consumer and error code."`
	Replay  replayLetters  `cmd:"" help:"Handle parked events of reactions again: whole streams, in order."`
	Discard discardLetters `cmd:"" help:"Give parked events of reactions up for good."`
}

// letterFilter selects dead letters.
type letterFilter struct {
	Consumer string     `help:"Only this consumer's."`
	Tenant   *uuid.UUID `help:"Only this tenant's."`
	Stream   *uuid.UUID `help:"Only this stream's."`
	Event    *uuid.UUID `help:"Only this event."`
	Code     string     `help:"Only those that failed with this code."`
}

func (f letterFilter) filter() reaction.Filter {
	return reaction.Filter{Consumer: f.Consumer, Tenant: f.Tenant, Stream: f.Stream, Event: f.Event, Code: f.Code}
}

type listLetters struct {
	letterFilter
	Status string `enum:"parked,replayed,discarded,any" default:"parked" help:"${enum}."`
	Limit  int    `default:"100" help:"At most so many."`
	JSON   bool   `help:"Print JSON, with the events."`
}

func (c listLetters) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		f := c.filter()
		if f.Limit = c.Limit; c.Status != "any" {
			f.Status = c.Status
		}
		letters, err := ops.DeadLetters(ctx, f)
		if err != nil {
			return err
		}
		if c.JSON {
			return i.printJSON(letters)
		}
		return i.printLetters(letters)
	})
}

func (i *invocation) printLetters(letters []reaction.Letter) error {
	t := newTable(i.out, "CONSUMER", "EVENT", "TENANT", "STREAM", "STATUS", "CODE", "ATTEMPTS", "LAST AT", "ERROR")
	for _, l := range letters {
		t.row(l.Consumer, l.Event, l.Tenant, l.Stream, l.Status, l.Code, l.Attempts, stamp(l.LastAt), brief(l.Error))
	}
	return t.flush()
}

type groupLetters struct {
	JSON bool `help:"Print JSON."`
}

func (c groupLetters) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		groups, err := ops.LetterGroups(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return i.printJSON(groups)
		}
		t := newTable(i.out, "CONSUMER", "CODE", "EVENTS", "STREAMS", "OLDEST", "ONE OF THE ERRORS")
		for _, g := range groups {
			t.row(g.Consumer, g.Code, g.Count, g.Streams, stamp(g.Oldest), brief(g.Example))
		}
		return t.flush()
	})
}

type replayLetters struct {
	letterFilter
	DryRun bool `help:"Only list the streams that would be handled."`
	JSON   bool `help:"Print JSON."`
}

func (c replayLetters) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		if c.DryRun {
			streams, err := ops.Replayable(ctx, c.filter())
			if err != nil {
				return err
			}
			return c.print(i, streams)
		}
		streams, err := ops.Replay(ctx, operator(), c.filter())
		if err != nil {
			return err
		}
		if err := c.waiting(i, len(streams)); err != nil {
			return err
		}
		left, err := ops.AwaitReplayed(ctx, c.filter(), streams)
		if err != nil {
			return err
		}
		return c.done(i, len(streams), left)
	})
}

func (c replayLetters) waiting(i *invocation, streams int) error {
	if c.JSON || streams == 0 {
		return nil
	}
	_, err := fmt.Fprintf(i.out, "waiting for the apps that have the reactions to handle %d streams again, which they do even if this command ends\n", streams)
	return err
}

func (c replayLetters) done(i *invocation, streams int, left []reaction.ParkedStream) error {
	if c.JSON {
		return i.printJSON(left)
	}
	if len(left) == 0 {
		_, err := fmt.Fprintf(i.out, "%d streams were handled\n", streams)
		return err
	}
	if _, err := fmt.Fprintf(i.out, "%d of %d streams were handled; of these an event failed again:\n", streams-len(left), streams); err != nil {
		return err
	}
	return c.print(i, left)
}

func (c replayLetters) print(i *invocation, streams []reaction.ParkedStream) error {
	if c.JSON {
		return i.printJSON(streams)
	}
	t := newTable(i.out, "CONSUMER", "TENANT", "STREAM", "EVENTS")
	for _, s := range streams {
		t.row(s.Consumer, s.Tenant, s.Stream, s.Events)
	}
	return t.flush()
}

type discardLetters struct {
	letterFilter
	DryRun bool `help:"Only list the events that would be given up."`
}

func (c discardLetters) Validate() error {
	if c.Event == nil && c.Stream == nil && c.Code == "" {
		return errors.New("say which events to give up: --event, --stream or --code")
	}
	return nil
}

func (c discardLetters) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		f := c.filter()
		f.Status, f.Limit = "parked", math.MaxInt32
		letters, err := ops.DeadLetters(ctx, f)
		if err != nil {
			return err
		}
		if c.DryRun {
			return i.printLetters(letters)
		}
		for _, l := range letters {
			if err := ops.Discard(ctx, operator(), l.Consumer, l.Tenant, l.Event); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(i.out, "%d events discarded; replay their streams to handle what is parked behind them\n", len(letters))
		return err
	})
}
