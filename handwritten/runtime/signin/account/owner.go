package account

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Owns moves the number of tenants that a user owns by more, in the transaction
// of what makes or unmakes them an owner, and returns it. The account stays
// locked until tx ends, so that whoever decides about the same user next,
// whatever stream that is written to, decides with tx done.
func Owns(ctx context.Context, tx pgx.Tx, user uuid.UUID, more int, now time.Time) (tenants int, err error) {
	const sql = `
INSERT INTO oksai_identity.accounts AS a (user_id, owns, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE SET owns = a.owns + EXCLUDED.owns
RETURNING owns`
	if err := tx.QueryRow(ctx, sql, user, more, now).Scan(&tenants); err != nil {
		return 0, fmt.Errorf("count the tenants that user %s owns: %w", user, err)
	}
	return tenants, nil
}

// Hold keeps the user's account as it is until tx ends: what Owns and SetPassword
// are part of waits. Hold it before sessions are locked, never after.
func Hold(ctx context.Context, tx pgx.Tx, user uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT FROM oksai_identity.accounts WHERE user_id = $1 FOR SHARE`, user); err != nil {
		return fmt.Errorf("hold the account of user %s: %w", user, err)
	}
	return nil
}
