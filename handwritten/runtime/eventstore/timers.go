package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// DueTimer is a timer whose time has come.
type DueTimer struct {
	Stream event.Stream
	Name   string
	Due    time.Time
}

// DueTimers hands out timers of the modules' aggregates, of all tenants, that
// are due, at most limit of them, to this caller alone. One that is not cleared, or set anew, within
// Config.TimerLease is handed out again: its effect must carry a Key.
func (s *Store) DueTimers(ctx context.Context, modules []string, now time.Time, limit int) ([]DueTimer, error) {
	// The reader sees all tenants but may not claim; the writer may, for the tenants it names.
	found, err := db.New(s.reader).DueTimers(ctx, db.DueTimersParams{Modules: modules, Now: now, Page: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("look for due timers: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	claim := db.ClaimTimersParams{Now: now, Until: now.Add(s.config.TimerLease)}
	for _, t := range found {
		claim.Tenants = append(claim.Tenants, t.TenantID)
		claim.Streams = append(claim.Streams, t.StreamID)
		claim.Names = append(claim.Names, t.Name)
	}
	claimed, err := s.forTenants(claim.Tenants...).ClaimTimers(ctx, claim)
	if err != nil {
		return nil, fmt.Errorf("claim due timers: %w", err)
	}
	due := make([]DueTimer, len(claimed))
	for i, t := range claimed {
		due[i] = DueTimer{
			Stream: event.Stream{Module: t.Module, Type: t.StreamType, Tenant: t.TenantID, ID: t.StreamID},
			Name:   t.Name, Due: t.Due.UTC(),
		}
	}
	return due, nil
}

// ClearTimer removes a timer that has had its effect, unless it was set to
// another time since.
func (s *Store) ClearTimer(ctx context.Context, t DueTimer) error {
	tenant := t.Stream.Tenant
	err := s.forTenants(tenant).ClearTimer(ctx, db.ClearTimerParams{TenantID: tenant, StreamID: t.Stream.ID, Name: t.Name, Due: t.Due})
	if err != nil {
		return fmt.Errorf("clear timer %s of stream %s: %w", t.Name, t.Stream.ID, err)
	}
	return nil
}
