package signin

import (
	"context"
	"fmt"

	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
)

// Block refuses a user, whoever issued their tokens, everywhere within
// revocation.MaxStale, until Unblock. subject is as in the tokens; where may be
// the transaction in which the user is disabled. Sessions of ours are ended by
// Sessions.EndWith: else those that have not expired meanwhile go on after Unblock.
func (s *Service) Block(ctx context.Context, where eventstore.DB, subject, by string) error {
	if err := revocation.Block(ctx, where, revocation.User(subject)); err != nil {
		return err
	}
	return s.audit(ctx, where, audit.Event{Kind: audit.UserBlocked, User: subject, By: by})
}

// Unblock ends what Block began.
func (s *Service) Unblock(ctx context.Context, where eventstore.DB, subject, by string) error {
	if err := revocation.Unblock(ctx, where, revocation.User(subject), s.config.Clock()); err != nil {
		return err
	}
	return s.audit(ctx, where, audit.Event{Kind: audit.UserUnblocked, User: subject, By: by})
}

func (s *Service) audit(ctx context.Context, where eventstore.DB, e audit.Event) error {
	e.At = s.config.Clock()
	if err := s.config.Auditor.Audit(ctx, where, e); err != nil {
		return fmt.Errorf("audit %s: %w", e.Kind, err)
	}
	return nil
}
