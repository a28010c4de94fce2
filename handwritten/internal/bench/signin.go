package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"

	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/schema"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
)

// signIns compares signing in with the hash of the password alone, and the check
// of an access token with that of its signature alone.
func signIns(ctx context.Context, l *lab) (lines []line, err error) {
	store, database, closed, err := l.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closed()) }()
	if err := errors.Join(schema.Migrate(ctx, database), audit.Migrate(ctx, database)); err != nil {
		return nil, err
	}
	sealer, err := seal.New(bytes.Repeat([]byte{1}, seal.KeyBytes))
	if err != nil {
		return nil, err
	}
	service, err := signin.Open(ctx, signin.Config{
		Store: store, Sealer: sealer, Name: issuer, Audience: audience, Members: memberEverywhere{}, Auditor: audit.New(audit.Config{Store: store}),
	})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- service.Run(running) }() // who may not come in any more is asked for every second
	defer func() { stop(); err = errors.Join(err, <-stopped) }()
	u := user{service: service, attempt: account.Attempt{
		Login: "someone@example.com", User: uuid.New(), Source: "127.0.0.1", Password: secret.New("correct horse battery"),
	}}
	hashed, err := service.Accounts.Hash(ctx, u.attempt.Password)
	if err != nil {
		return nil, err
	}
	if err := service.Accounts.SetPassword(ctx, u.attempt.User, hashed); err != nil {
		return nil, err
	}
	access, err := u.signIn(ctx)
	if err != nil {
		return nil, err
	}
	whole, err := l.compare(ctx,
		clients(1, func(ctx context.Context, _ int) error { _, err := u.signIn(ctx); return err }),
		clients(1, func(context.Context, int) error { hashOnly(); return nil }))
	if err != nil {
		return nil, err
	}
	signature := newSignature()
	token, err := l.compare(ctx,
		clients(1, func(ctx context.Context, _ int) error {
			_, err := service.Authenticator.Verify(ctx, access)
			return err
		}),
		clients(1, func(context.Context, int) error { return signature.check() }))
	if err != nil {
		return nil, err
	}
	return []line{
		against("sign-in: password, session, tokens and audit", "argon2id alone", whole),
		against("check of an access token, and that it is not revoked", "ed25519.Verify alone", token),
	}, nil
}

type user struct {
	service *signin.Service
	attempt account.Attempt
}

func (u user) signIn(ctx context.Context) (access string, err error) {
	proof, err := u.service.Accounts.Check(ctx, u.attempt)
	if err != nil {
		return "", err
	}
	started, err := u.service.Sessions.Start(ctx, proof, tenants[0], "bench")
	if err != nil {
		return "", err
	}
	return started.Access.Reveal(), nil
}

type memberEverywhere struct{}

func (memberEverywhere) Roles(context.Context, uuid.UUID, uuid.UUID) (session.Roles, error) {
	return session.Roles{Names: []string{"TenantMember"}}, nil
}

func hashOnly() {
	p := password.Recommended
	argon2.IDKey([]byte("correct horse battery"), make([]byte, 16), p.Time, p.Memory, p.Threads, 32)
}

type signature struct {
	key      ed25519.PublicKey
	text, of []byte
}

func newSignature() signature {
	public, private, _ := ed25519.GenerateKey(nil)
	text := bytes.Repeat([]byte("x"), 500)
	return signature{key: public, text: text, of: ed25519.Sign(private, text)}
}

func (s signature) check() error {
	if !ed25519.Verify(s.key, s.text, s.of) {
		return errors.New("the signature is wrong")
	}
	return nil
}
