package service

import (
	"log/slog"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/operations"
)

// trail is the audit trail in the database of clients.
func (k *clients) trail(clock func() time.Time, log *slog.Logger) *audit.Store {
	return audit.New(audit.Config{Store: k.store, Clock: clock, Log: log})
}

// operations are what operators see and do on the engines of clients.
func (k *clients) operations(b bus.Config, clock func() time.Time, log *slog.Logger) *operations.Operations {
	return operations.New(operations.Config{
		Store: k.store, Registry: k.projections(b, clock).Store, Audit: k.trail(clock, log), Bus: b, Clock: clock,
	})
}
