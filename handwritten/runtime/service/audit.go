package service

import (
	"log/slog"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/audit"
)

// trail is the audit trail in the database of clients.
func (k *clients) trail(clock func() time.Time, log *slog.Logger) *audit.Store {
	return audit.New(audit.Config{Store: k.store, Clock: clock, Log: log})
}
