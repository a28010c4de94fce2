package service

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/authn"
)

// Who signs and accepts development tokens.
const (
	devIssuer   = "oksai-development"
	devAudience = "oksai"
	devTokenTTL = 12 * time.Hour
)

// trusted verify tokens that say what ours do: those of the configured issuer,
// or of the app's own development key.
func (c Config) trusted(clock func() time.Time) ([]*authn.Verifier, error) {
	config := authn.Config{Issuer: c.Issuer, Audience: c.Audience, JWKSURL: c.JWKSURL, JWKSFile: c.JWKSFile, Clock: clock}
	switch {
	case c.ownKeys():
		keys, err := c.devKeys()
		if err != nil {
			return nil, err
		}
		config = authn.Config{Issuer: devIssuer, Audience: devAudience, JWKS: keys.JWKS(), Clock: clock}
	case !c.trustsIssuer():
		return nil, nil
	}
	v, err := authn.NewVerifier(config)
	return []*authn.Verifier{v}, err
}

func (c Config) devKeys() (*authn.DevKeys, error) {
	if !c.ownKeys() {
		return nil, errors.New("development tokens are only made where DATABASE_URL, AUTH_JWKS_URL and AUTH_JWKS_PATH are not set: sign in, or use a token of AUTH_ISSUER")
	}
	return authn.LoadDevKeys(filepath.Join(c.DataDir, "dev-key.pem"))
}

// devToken signs a development token; a zero tenant is for platform roles.
func (c Config) devToken(user string, tenant uuid.UUID, roles []string, now time.Time) (string, error) {
	keys, err := c.devKeys()
	if err != nil {
		return "", err
	}
	return keys.Issue(authn.Grant{
		Issuer: devIssuer, Audience: devAudience, NotBefore: now, Expiry: now.Add(devTokenTTL),
		Principal: authn.Principal{Subject: user, Tenant: tenant, Roles: roles},
	})
}

// cursorSecret is what seals list cursors: the configured one, or one kept in the data folder.
func (c Config) cursorSecret() ([]byte, error) {
	if c.CursorSecret != "" {
		return []byte(c.CursorSecret), nil
	}
	path := filepath.Join(c.DataDir, "cursor-secret")
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret = []byte(rand.Text() + rand.Text())
		err = os.WriteFile(path, secret, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("cursor secret: %w", err)
	}
	return secret, nil
}
