package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/mail"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
)

// openSignIn opens what tells who is calling. Every process has it, whatever its
// modules: a user who is disabled in one app is locked out of all.
func (p *process) openSignIn(ctx context.Context) (err error) {
	if p.signIn, err = p.config.signIn(ctx, p.app, p.clients, p.clock, p.log); err != nil {
		return err
	}
	p.stack.start(Task{Name: "audit trail", Run: p.clients.trail(p.clock, p.log).Run})
	p.stack.start(Task{Name: "sign-in", Run: p.signIn.Run})
	return nil
}

// signIn is sign-in on the engines that clients are connected to. Its tokens are
// named after the platform, so that all its apps accept them.
func (c Config) signIn(ctx context.Context, app App, clients *clients, clock func() time.Time, log *slog.Logger) (*signin.Service, error) {
	sealer, err := c.sealer()
	if err != nil {
		return nil, err
	}
	trusted, err := c.trusted(clock)
	if err != nil {
		return nil, err
	}
	external, err := c.external()
	if err != nil {
		return nil, err
	}
	return signin.Open(ctx, signin.Config{
		Store: clients.store, Sealer: sealer, Name: app.Platform, Audience: app.Platform,
		Trusted: trusted, External: external, Auditor: clients.trail(clock, log), Clock: clock, Log: log,
	})
}

// sealer keeps the keys that sign tokens from who can only read the database.
func (c Config) sealer() (*seal.Sealer, error) {
	if c.SigningSecret == "" {
		return seal.Load(filepath.Join(c.DataDir, "signing-secret"))
	}
	sealer, err := seal.Parse(c.SigningSecret)
	if err != nil {
		return nil, fmt.Errorf("SIGNING_SECRET: %w", err)
	}
	return sealer, nil
}

func (c Config) checkSigningSecret() error {
	if c.SigningSecret == "" {
		return nil
	}
	_, err := c.sealer()
	return err
}

// external are issuers that speak in their own terms, which AUTH_EXTERNAL translates.
func (c Config) external() (issuers []authn.External, err error) {
	if c.External == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(c.External), &issuers); err != nil {
		return nil, fmt.Errorf("AUTH_EXTERNAL is not a JSON list of issuers: %w", err)
	}
	var errs []error
	for _, e := range issuers {
		_, err := authn.NewExternal(e)
		errs = append(errs, err)
	}
	return issuers, errors.Join(errs...)
}

// mailer writes mail into the data folder where the app runs for development.
func (c Config) mailer() (mail.Mailer, error) {
	switch {
	case c.SMTPURL != "":
		return mail.NewSMTP(c.SMTPURL, c.MailFrom)
	case c.shared:
		return mail.Unset{}, nil
	}
	return mail.Folder(filepath.Join(c.DataDir, "mail")), nil
}
