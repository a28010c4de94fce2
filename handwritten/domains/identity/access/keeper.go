package access

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
)

// keeper carries what happens to users and members over to sign-in, in the
// transaction in which it happens: a user is never disabled and still let in.
//
// Two rules need the user's stream and those of members in any tenant: who owns
// a tenant cannot be disabled, and who is disabled can be granted no role. All
// such transactions lock the user's account first, and so come one after the other.
type keeper struct {
	signIn   *signin.Service
	sessions *session.Store
}

func (k keeper) users(ctx context.Context, tx pgx.Tx, events []event.Recorded) error {
	for _, e := range events {
		data, err := identity.DecodeUserEvent(e.Type, e.SchemaVersion, e.Payload)
		if err != nil {
			return err
		}
		if err := k.user(ctx, tx, e, data); err != nil {
			return err
		}
	}
	return nil
}

func (k keeper) user(ctx context.Context, tx pgx.Tx, e event.Recorded, data event.Data) error {
	user, by := e.Stream.ID, e.Metadata.User
	switch data.(type) {
	case identity.UserDisabled:
		tenants, err := account.Owns(ctx, tx, user, 0, e.At)
		if err != nil {
			return err
		}
		if tenants > 0 {
			return problem.Rule("USER_OWNS_TENANT", "the owner of a tenant cannot be disabled; make somebody else its owner first")
		}
		if err := k.signIn.Block(ctx, tx, user.String(), by); err != nil {
			return err
		}
		return k.sessions.EndWith(ctx, tx, user)
	case identity.UserEnabled:
		return k.signIn.Unblock(ctx, tx, user.String(), by)
	case identity.OperatorDismissed:
		return k.left(ctx, tx, e, uuid.Nil)
	}
	return nil
}

func (k keeper) members(ctx context.Context, tx pgx.Tx, events []event.Recorded) error {
	for _, e := range events {
		data, err := identity.DecodeMemberEvent(e.Type, e.SchemaVersion, e.Payload)
		if err != nil {
			return err
		}
		if err := k.member(ctx, tx, e, data); err != nil {
			return err
		}
	}
	return nil
}

func (k keeper) member(ctx context.Context, tx pgx.Tx, e event.Recorded, data event.Data) error {
	switch data := data.(type) {
	case identity.UserAddedToTenant:
		return k.granted(ctx, tx, e, data.Roles)
	case identity.RoleGrantedToUser:
		return k.granted(ctx, tx, e, []string{data.Role})
	case identity.RoleRevokedFromUser:
		return k.revoked(ctx, tx, e, data.Role)
	case identity.UserRemovedFromTenant: // who is no owner any more; the spec sees to it
		return k.left(ctx, tx, e, e.Stream.Tenant)
	}
	return nil
}

// revoked refuses the tokens that still have the role. The user's sessions go
// on: what they are refreshed to has the roles that are left.
func (k keeper) revoked(ctx context.Context, tx pgx.Tx, e event.Recorded, role string) error {
	if role == tenantOwner {
		if _, err := account.Owns(ctx, tx, e.Stream.ID, -1, e.At); err != nil {
			return err
		}
	}
	return revocation.Outdate(ctx, tx, revocation.Roles(e.Stream.ID.String(), e.Stream.Tenant, e.Version), e.At)
}

// left ends a user's sessions in a tenant, also one that is just beginning there.
func (k keeper) left(ctx context.Context, tx pgx.Tx, e event.Recorded, tenant uuid.UUID) error {
	if _, err := account.Owns(ctx, tx, e.Stream.ID, 0, e.At); err != nil {
		return err
	}
	return k.sessions.EndInTenant(ctx, tx, e.Stream.ID, tenant)
}

func (k keeper) granted(ctx context.Context, tx pgx.Tx, e event.Recorded, roles []string) error {
	more := 0
	if slices.Contains(roles, tenantOwner) {
		more = 1
	}
	if _, err := account.Owns(ctx, tx, e.Stream.ID, more, e.At); err != nil {
		return err
	}
	disabled, err := revocation.Blocked(ctx, tx, revocation.User(e.Stream.ID.String()), e.At)
	if err == nil && disabled {
		err = problem.Rule("USER_DISABLED", "a disabled user cannot be granted a role")
	}
	return err
}
