// Package audit names the security events that are worth an entry in the audit
// trail. They never hold a password, a token or a key.
package audit

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Kind is what happened.
type Kind string

const (
	PasswordChanged  Kind = "password_changed"
	PasswordAccepted Kind = "password_accepted"
	PasswordRefused  Kind = "password_refused"
	Throttled        Kind = "throttled"
	SignedIn         Kind = "signed_in"
	TenantSwitched   Kind = "tenant_switched"
	Refreshed        Kind = "refreshed"
	ReuseDetected    Kind = "reuse_detected"
	SignedOut        Kind = "signed_out"
	UserBlocked      Kind = "user_blocked"
	UserUnblocked    Kind = "user_unblocked"
	SigningKeyMade   Kind = "signing_key_made"
	APIKeyMade       Kind = "api_key_made"
	APIKeyRevoked    Kind = "api_key_revoked"
)

// Event is one entry. What does not apply is zero.
type Event struct {
	Kind Kind
	At   time.Time
	// By is the subject of who did it, where that is not the user.
	By string
	// User is whom it is about, as in a token's subject.
	User   string
	Tenant uuid.UUID
	// Session is whose refresh token was used, or which was begun or ended.
	Session uuid.UUID
	// Key is the id of an API key, or the kid of a signing key.
	Key string
	// Source is a hash of where a request came from.
	Source string
}

// Auditor keeps the audit trail.
type Auditor interface {
	// Audit records e where the change that it tells of is made, usually a
	// transaction: both are committed or neither. An error undoes the change.
	Audit(ctx context.Context, where eventstore.DB, e Event) error
}
