package audit

import (
	"context"
	"log/slog"

	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Log tells of events in the log of a process. A line stays where the change
// that it tells of was undone.
type Log struct{ *slog.Logger }

// Audit implements Auditor.
func (l Log) Audit(ctx context.Context, _ eventstore.DB, e Event) error {
	l.LogAttrs(ctx, slog.LevelInfo, "security event",
		slog.String("kind", string(e.Kind)), slog.Time("at", e.At), slog.String("by", e.By), slog.String("user", e.User),
		slog.String("tenant", e.Tenant.String()), slog.String("session", e.Session.String()), slog.String("key", e.Key), slog.String("source", e.Source))
	return nil
}
