package access

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/signin/onetime"
)

// InviteUser implements identity.Operations.
func (a *Access) InviteUser(ctx context.Context, caller command.Caller, in identity.InviteUser) (identity.InviteUserResult, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return identity.InviteUserResult{}, err
	}
	request := command.Request[identity.Invitation]{ID: id, Creates: true, Metadata: httpx.Metadata(ctx)}
	cmd := identity.OpenInvitation(in) // what it says is what the command needs
	if _, err := command.Do(ctx, a.repos.Invitations, request, a.means.Invitations.OpenInvitation, caller, cmd); err != nil {
		return identity.InviteUserResult{}, err
	}
	about := onetime.For{Purpose: onetime.Invitation, Subject: id, Tenant: caller.Tenant}
	return identity.InviteUserResult{Invitation: id}, a.mailToken(ctx, about, in.Email, invitation)
}

// JoinTenant implements identity.Operations. The token is used up last: what
// fails in between can be tried again with it, and each step is made once.
func (a *Access) JoinTenant(ctx context.Context, _ command.Caller, in identity.JoinTenant) (identity.JoinTenantResult, error) {
	about, invited, err := a.invited(ctx, in)
	if err != nil {
		return identity.JoinTenantResult{}, err
	}
	user, err := a.invitedUser(ctx, in, invited.Email)
	if err != nil {
		return identity.JoinTenantResult{}, err
	}
	self := itself(user, about.Tenant)
	request := command.Request[identity.Member]{ID: user, IfAbsent: true, Metadata: httpx.Metadata(ctx)}
	add := identity.AddMember{User: user, Roles: invited.Roles}
	if _, err := command.Do(ctx, a.repos.Members, request, a.means.Members.AddMember, self, add); err != nil {
		return identity.JoinTenantResult{}, err
	}
	accept := identity.AcceptInvitation{User: user}
	if err := run(ctx, a.repos.Invitations, about.Subject, a.means.Invitations.AcceptInvitation, self, accept); err != nil {
		return identity.JoinTenantResult{}, err
	}
	if _, err := a.signIn.OneTime.Use(ctx, onetime.Invitation, in.Token); err != nil && !errors.Is(err, onetime.ErrInvalid) {
		return identity.JoinTenantResult{}, err
	}
	return identity.JoinTenantResult{Tenant: about.Tenant, User: user}, nil
}

// invited finds the invitation, if it still stands and its tenant may act.
func (a *Access) invited(ctx context.Context, in identity.JoinTenant) (onetime.For, *identity.Invitation, error) {
	about, err := a.signIn.OneTime.Find(ctx, onetime.Invitation, in.Token)
	if errors.Is(err, onetime.ErrInvalid) {
		return about, nil, in.TokenInvalid()
	}
	if err != nil {
		return about, nil, err
	}
	if err := a.guard.Check(ctx, about.Tenant); err != nil {
		return about, nil, err
	}
	invited, found, err := a.repos.Invitations.Find(ctx, about.Tenant, about.Subject)
	if err == nil && (!found || invited.State.Status != identity.InvitationStatusPending) {
		err = in.TokenInvalid()
	}
	return about, invited.State, err
}

// invitedUser is who has the address. Somebody who registered with it but never
// read its mail may be anybody, so their password counts for nothing.
func (a *Access) invitedUser(ctx context.Context, in identity.JoinTenant, email string) (uuid.UUID, error) {
	id, user, found, err := a.byEmail(ctx, email)
	if err != nil || found && user.Verified {
		return id, err
	}
	if in.Password == nil {
		return uuid.Nil, in.PasswordRequired()
	}
	password, err := a.signIn.Accounts.Hash(ctx, *in.Password)
	if err != nil {
		return uuid.Nil, err
	}
	if found {
		return id, a.takeOver(ctx, id, password)
	}
	if id, err = a.makeUser(ctx, email, in.Name, password); err != nil {
		return uuid.Nil, err
	}
	return id, a.verified(ctx, id)
}
