package service

import (
	"context"

	"github.com/oksai/oksai/handwritten/runtime/operations"
)

type outboxCommand struct {
	Status outboxStatus `cmd:"" help:"Print whether a relay works, how far it has come and what is left."`
}

type outboxStatus struct {
	JSON bool `help:"Print JSON."`
}

func (c outboxStatus) Run(i *invocation) error {
	return i.operate(func(ctx context.Context, ops *operations.Operations) error {
		s, err := ops.Outbox(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return i.printJSON(s)
		}
		t := newTable(i.out, "ACTIVE", "LAG", "PUBLISHED", "POSITION", "ADVANCED AT", "LAST ERROR")
		t.row(yes(s.Active), s.Lag, s.Published, s.Position, stamp(s.UpdatedAt), brief(s.LastError))
		return t.flush()
	})
}
