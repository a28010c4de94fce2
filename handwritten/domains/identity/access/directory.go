package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
)

// querier reads the module's tables in PostgreSQL, of all tenants.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// directory looks users and members up.
type directory struct {
	repos          *identity.Repositories
	tables         querier
	firstOperators []string
}

// Roles implements session.Members.
func (d directory) Roles(ctx context.Context, user, tenant uuid.UUID) (session.Roles, error) {
	if tenant == uuid.Nil {
		return d.platformRoles(ctx, user)
	}
	member, found, err := d.repos.Members.Find(ctx, tenant, user)
	if err != nil || !found || member.State.Status != identity.MemberStatusMember {
		return session.Roles{}, err
	}
	return session.Roles{Names: member.State.Roles, Version: member.Version}, nil
}

// platformRoles are what a session without a tenant is for: an operator's work,
// or, for anybody else, to open a tenant or go to another.
func (d directory) platformRoles(ctx context.Context, id uuid.UUID) (session.Roles, error) {
	user, found, err := d.repos.Users.Find(ctx, uuid.Nil, id)
	switch {
	case err != nil || !found:
		return session.Roles{}, err
	case d.isOperator(user.State):
		return session.Roles{Names: []string{platformAdmin}}, nil
	}
	return session.Roles{Names: []string{authn.UserRole}}, nil
}

// isOperator reports whether a user works for the platform. That a configured
// address is really theirs they have shown before any session begins.
func (d directory) isOperator(user *identity.User) bool {
	return user.Operator || slices.ContainsFunc(d.firstOperators, func(address string) bool {
		return strings.EqualFold(strings.TrimSpace(address), user.Email)
	})
}

// byEmail finds a user by the stored form of an address; found is false for none.
func (d directory) byEmail(ctx context.Context, email string) (id uuid.UUID, user *identity.User, found bool, err error) {
	const sql = `SELECT user_id FROM identity.users WHERE email = $1`
	err = d.tables.QueryRow(ctx, sql, email).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, nil, false, nil
	}
	if err != nil {
		return uuid.Nil, nil, false, fmt.Errorf("find a user by e-mail: %w", err)
	}
	loaded, found, err := d.repos.Users.Find(ctx, uuid.Nil, id)
	return id, loaded.State, found, err
}

// memberships are the tenants that a user works for, in the order of joining them.
func (d directory) memberships(ctx context.Context, user uuid.UUID) ([]identity.Membership, error) {
	const sql = `SELECT tenant_id, roles FROM identity.members WHERE member_id = $1 ORDER BY added_at, tenant_id`
	rows, err := d.tables.Query(ctx, sql, user)
	if err != nil {
		return nil, fmt.Errorf("find a user's tenants: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[identity.Membership])
	if err != nil {
		return nil, fmt.Errorf("find a user's tenants: %w", err)
	}
	return found, nil
}
