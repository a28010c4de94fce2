package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/oksai/oksai/handwritten/runtime/mail"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/onetime"
)

// letter is a mail's subject and its text around a token.
type letter struct{ subject, text string }

var (
	confirmEmail = letter{"Confirm your e-mail address", `Somebody, hopefully you, registered with this address.
Confirm within two days that it is yours with this token:

%s

If it was not you, do nothing.
`}
	resetPassword = letter{"Set a new password", `Somebody, hopefully you, wants to set a new password.
Do so within an hour with this token:

%s

If it was not you, do nothing: your password stays as it is.
`}
	invitation = letter{"You are invited", `You are invited to work for a tenant of the platform.
Join within a week with this token:

%s
`}
)

func (l letter) to(address string, token secret.Text) mail.Message {
	return mail.Message{To: address, Subject: l.subject, Text: secret.New(fmt.Sprintf(l.text, token.Reveal()))}
}

func alreadyRegistered(address string) mail.Message {
	return mail.Message{To: address, Subject: "You are registered already", Text: secret.New(`Somebody, hopefully you, wanted to register with this address, which is registered already.
If you do not know your password any more, ask for a new one.
`)}
}

// mailToken mails a new token. That enough were mailed to an address is told to
// nobody: whether there is such a user is not told either.
func (a *Access) mailToken(ctx context.Context, f onetime.For, address string, l letter) error {
	token, err := a.signIn.OneTime.Make(ctx, f)
	if errors.Is(err, onetime.ErrTooMany) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.mail.Send(ctx, l.to(address, token))
}
