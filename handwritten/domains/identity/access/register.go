package access

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/onetime"
)

// Register implements identity.Operations. The password is hashed whoever has
// the address, so that the time tells nothing either.
func (a *Access) Register(ctx context.Context, _ command.Caller, in identity.Register) error {
	password, err := a.signIn.Accounts.Hash(ctx, in.Password)
	if err != nil {
		return err
	}
	id, user, found, err := a.byEmail(ctx, in.Email)
	if err != nil {
		return err
	}
	if !found {
		id, err = a.makeUser(ctx, in.Email, in.Name, password)
		if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Code == "EMAIL_TAKEN" {
			return nil // somebody was faster, and gets the mail
		}
		user = &identity.User{Email: in.Email}
	}
	switch {
	case err != nil:
		return err
	case user.Verified:
		return a.mail.Send(ctx, alreadyRegistered(in.Email))
	}
	return a.mailToken(ctx, onetime.For{Purpose: onetime.ConfirmEmail, Subject: id}, in.Email, confirmEmail)
}

// makeUser registers a user and gives them a password. One who is left without,
// because we failed in between, resets it by mail.
func (a *Access) makeUser(ctx context.Context, email string, name *string, password account.Hashed) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, err
	}
	request := command.Request[identity.User]{ID: id, Creates: true, Metadata: httpx.Metadata(ctx)}
	_, err = command.Do(ctx, a.repos.Users, request, a.means.Users.RegisterUser, itself(id, uuid.Nil), identity.RegisterUser{Email: email, Name: name})
	if err != nil {
		return uuid.Nil, err
	}
	return id, a.signIn.Accounts.SetPassword(ctx, id, password)
}

// ConfirmEmail implements identity.Operations.
func (a *Access) ConfirmEmail(ctx context.Context, _ command.Caller, in identity.ConfirmEmail) error {
	proved, err := a.signIn.OneTime.Use(ctx, onetime.ConfirmEmail, in.Token)
	if errors.Is(err, onetime.ErrInvalid) {
		return in.TokenInvalid()
	}
	if err != nil {
		return err
	}
	return a.verified(ctx, proved.Subject)
}

func (a *Access) verified(ctx context.Context, user uuid.UUID) error {
	return run(ctx, a.repos.Users, user, a.means.Users.VerifyEmail, itself(user, uuid.Nil), identity.VerifyEmail{})
}

// RequestPasswordReset implements identity.Operations.
func (a *Access) RequestPasswordReset(ctx context.Context, _ command.Caller, in identity.RequestPasswordReset) error {
	id, user, found, err := a.byEmail(ctx, in.Email)
	if err != nil || !found || user.Status == identity.UserStatusDisabled {
		return err
	}
	return a.mailToken(ctx, onetime.For{Purpose: onetime.ResetPassword, Subject: id}, in.Email, resetPassword)
}

// ResetPassword implements identity.Operations. Who has the token reads the
// mailbox, so the address is confirmed as well.
func (a *Access) ResetPassword(ctx context.Context, _ command.Caller, in identity.ResetPassword) error {
	password, err := a.signIn.Accounts.Hash(ctx, in.Password)
	if err != nil {
		return err
	}
	proved, err := a.signIn.OneTime.Use(ctx, onetime.ResetPassword, in.Token)
	if errors.Is(err, onetime.ErrInvalid) {
		return in.TokenInvalid()
	}
	if err != nil {
		return err
	}
	return a.takeOver(ctx, proved.Subject, password)
}

// takeOver gives a user to who reads the mailbox, and nobody else.
func (a *Access) takeOver(ctx context.Context, user uuid.UUID, password account.Hashed) error {
	if err := a.signIn.Accounts.SetPassword(ctx, user, password); err != nil {
		return err
	}
	if err := a.sessions.EndAll(ctx, user, uuid.Nil); err != nil {
		return err
	}
	return a.verified(ctx, user)
}
