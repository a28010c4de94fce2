package access

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
)

// SignIn implements identity.Operations. What is said of the user beyond that
// the password is wrong is said only to who knows it.
func (a *Access) SignIn(ctx context.Context, _ command.Caller, in identity.SignIn) (identity.SignInResult, error) {
	id, user, found, err := a.byEmail(ctx, in.Email)
	if err != nil {
		return identity.SignInResult{}, err
	}
	proof, err := a.prove(ctx, in.Email, id, in.Password)
	if err != nil {
		return identity.SignInResult{}, err
	}
	if !found || !user.Verified {
		return identity.SignInResult{}, in.EmailNotVerified()
	}
	tenant, err := a.tenantFor(ctx, id, user, in.Tenant)
	if err != nil {
		return identity.SignInResult{}, err
	}
	tokens, err := a.sessions.Start(ctx, proof, tenant, in.Client)
	if err != nil {
		return identity.SignInResult{}, err
	}
	return identity.SignInResult{
		AccessToken: tokens.Access, ExpiresAt: tokens.AccessExpires, RefreshToken: tokens.Refresh,
		Session: tokens.Session.ID, Tenant: some(tenant),
	}, nil
}

// prove checks a password, and after a success remembers the client's device.
func (a *Access) prove(ctx context.Context, login string, user uuid.UUID, password secret.Text) (account.Proof, error) {
	device := httpx.Device(ctx)
	isNew := device == ""
	if isNew {
		device = rand.Text()
	}
	proof, err := a.signIn.Accounts.Check(ctx, account.Attempt{Login: login, User: user, Source: source(ctx), Device: device, Password: password})
	if err == nil && isNew {
		httpx.SetDevice(ctx, device)
	}
	return proof, err
}

// tenantFor is where a session begins: where the user wants it, else in no tenant
// for an operator, else in the tenant that was joined first, if there is one.
func (a *Access) tenantFor(ctx context.Context, id uuid.UUID, user *identity.User, wanted *uuid.UUID) (uuid.UUID, error) {
	if wanted != nil {
		return *wanted, nil
	}
	if a.isOperator(user) {
		return uuid.Nil, nil
	}
	memberships, err := a.memberships(ctx, id)
	if err != nil || len(memberships) == 0 {
		return uuid.Nil, err
	}
	return memberships[0].Tenant, nil
}

// RefreshSession implements identity.Operations.
func (a *Access) RefreshSession(ctx context.Context, _ command.Caller, in identity.RefreshSession) (identity.RefreshSessionResult, error) {
	tokens, err := a.sessions.Refresh(ctx, in.RefreshToken.Reveal())
	if err != nil {
		return identity.RefreshSessionResult{}, err
	}
	return identity.RefreshSessionResult{
		AccessToken: tokens.Access, ExpiresAt: tokens.AccessExpires, RefreshToken: tokens.Refresh,
		Session: tokens.Session.ID, Tenant: some(tokens.Session.Tenant),
	}, nil
}

// SwitchTenant implements identity.Operations.
func (a *Access) SwitchTenant(ctx context.Context, _ command.Caller, in identity.SwitchTenant) (identity.SwitchTenantResult, error) {
	tokens, err := a.sessions.Switch(ctx, in.RefreshToken.Reveal(), in.Tenant)
	if err != nil {
		return identity.SwitchTenantResult{}, err
	}
	return identity.SwitchTenantResult{
		AccessToken: tokens.Access, ExpiresAt: tokens.AccessExpires, RefreshToken: tokens.Refresh,
		Session: tokens.Session.ID, Tenant: some(tokens.Session.Tenant),
	}, nil
}

// SignOut implements identity.Operations.
func (a *Access) SignOut(ctx context.Context, _ command.Caller, in identity.SignOut) error {
	session := sessionOf(ctx)
	if session == uuid.Nil {
		return in.NotAUser()
	}
	return a.sessions.End(ctx, session)
}

// SignOutEverywhere implements identity.Operations.
func (a *Access) SignOutEverywhere(ctx context.Context, caller command.Caller, in identity.SignOutEverywhere) error {
	if caller.User == nil {
		return in.NotAUser()
	}
	return a.sessions.EndAll(ctx, *caller.User, uuid.Nil)
}

// ChangePassword implements identity.Operations. The old password is asked for
// as at any sign-in: a session left open must not be enough to take a user over.
func (a *Access) ChangePassword(ctx context.Context, caller command.Caller, in identity.ChangePassword) error {
	if caller.User == nil {
		return in.NotAUser()
	}
	user, found, err := a.repos.Users.Find(ctx, uuid.Nil, *caller.User)
	if err != nil {
		return err
	}
	if !found {
		return in.NotAUser()
	}
	if _, err := a.prove(ctx, user.State.Email, *caller.User, in.OldPassword); err != nil {
		return err
	}
	password, err := a.signIn.Accounts.Hash(ctx, in.NewPassword)
	if err != nil {
		return err
	}
	if err := a.signIn.Accounts.SetPassword(ctx, *caller.User, password); err != nil {
		return err
	}
	return a.sessions.EndAll(ctx, *caller.User, sessionOf(ctx))
}

// ListSessions implements identity.Operations.
func (a *Access) ListSessions(ctx context.Context, caller command.Caller, in identity.ListSessions) (identity.ListSessionsResult, error) {
	if caller.User == nil {
		return identity.ListSessionsResult{}, in.NotAUser()
	}
	open, err := a.sessions.List(ctx, *caller.User)
	items := make([]identity.Session, len(open))
	for i, s := range open {
		items[i] = identity.Session{
			Session: s.ID, Tenant: some(s.Tenant), Client: s.Client, CreatedAt: s.Created, UsedAt: s.Used, ExpiresAt: s.Expires,
			Current: s.ID == sessionOf(ctx),
		}
	}
	return identity.ListSessionsResult{Items: items}, err
}

// EndSession implements identity.Operations.
func (a *Access) EndSession(ctx context.Context, caller command.Caller, in identity.EndSession) error {
	if caller.User == nil {
		return in.NotAUser()
	}
	open, err := a.sessions.List(ctx, *caller.User)
	if err != nil {
		return err
	}
	for _, s := range open {
		if s.ID == in.SessionID {
			return a.sessions.End(ctx, s.ID)
		}
	}
	return in.SessionUnknown()
}

// WhoAmI implements identity.Operations.
func (a *Access) WhoAmI(ctx context.Context, caller command.Caller, _ identity.WhoAmI) (identity.WhoAmIResult, error) {
	me := identity.WhoAmIResult{Subject: caller.Subject, Tenant: some(caller.Tenant), Roles: slices.Clone(caller.Roles)}
	if caller.User == nil {
		return me, nil
	}
	user, found, err := a.repos.Users.Find(ctx, uuid.Nil, *caller.User)
	if err != nil || !found {
		return me, err
	}
	me.Email = &user.State.Email
	me.Memberships, err = a.memberships(ctx, *caller.User)
	return me, err
}
