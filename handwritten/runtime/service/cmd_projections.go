package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/operations"
)

type projectionsCommand struct {
	List    listProjections   `cmd:"" help:"List projections and reactions: status, lag, what is parked, the last error."`
	Pause   pauseProjection   `cmd:"" help:"Make a projection or reaction rest in all processes, until it is resumed."`
	Resume  resumeProjection  `cmd:"" help:"Let a paused projection or reaction go on."`
	Rebuild rebuildProjection `cmd:"" help:"Fold the whole log into a projection again. Reads go on meanwhile."`
}

type listProjections struct {
	JSON bool `help:"Print JSON, with each partition."`
}

func (c listProjections) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		all, err := ops.Consumers(ctx)
		if err != nil {
			return err
		}
		if err := ops.MeasureLag(ctx, all); err != nil {
			i.log.Warn("the lag is not known", "error", err)
		}
		if c.JSON {
			return i.printJSON(all)
		}
		t := newTable(i.out, "NAME", "KIND", "STATUS", "PAUSED", "LAG", "HANDLED", "POSITION", "PARKED", "LAST ERROR")
		for _, c := range all {
			t.row(c.Name, c.Kind, dash(c.Status), yes(c.Paused), lagText(c.Lag), c.Handled, c.Position, c.ParkedStreams, brief(c.LastError))
		}
		return t.flush()
	})
}

func lagText(lag *int64) string {
	if lag == nil {
		return "-"
	}
	return fmt.Sprint(*lag)
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// consumerName is the argument of those below.
type consumerName struct {
	Name string `arg:"" help:"As listed; a projection may be named without its version, e.g. job.job_facts."`
}

type pauseProjection struct{ consumerName }

func (c pauseProjection) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		names, err := ops.Pause(ctx, operator(), c.Name)
		return i.told(err, "paused %s; every process heeds it within two seconds", names)
	})
}

type resumeProjection struct{ consumerName }

func (c resumeProjection) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		names, err := ops.Resume(ctx, operator(), c.Name)
		return i.told(err, "resumed %s; every process heeds it within two seconds", names)
	})
}

// told prints what was done, unless it failed.
func (i *invocation) told(err error, format string, names []string) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(i.out, format+"\n", strings.Join(names, ", "))
	return err
}

type rebuildProjection struct{ consumerName }

func (c rebuildProjection) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		began := time.Now()
		name, err := ops.Rebuild(ctx, operator(), c.Name)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(i.out, "waiting for an app that has %s to build it anew, which it does even if this command ends\n", name); err != nil {
			return err
		}
		if err := ops.AwaitBuilt(ctx, name); err != nil {
			return err
		}
		_, err = fmt.Fprintf(i.out, "rebuilt %s in %s\n", name, time.Since(began).Round(time.Millisecond))
		return err
	})
}
