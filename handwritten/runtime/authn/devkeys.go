package authn

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

const pemType = "PRIVATE KEY"

// DevKeys is a signing key of our own, for development, tests and the CLI's
// token command. In production tokens come from an identity provider.
type DevKeys struct {
	private jwk.Key
	kid     string
	jwks    []byte
}

// LoadDevKeys reads the key file at path and makes it, readable by its owner
// only, where there is none. A key that others can read is refused.
func LoadDevKeys(path string) (*DevKeys, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if raw, err = createKey(path); errors.Is(err, fs.ErrExist) {
			raw, err = os.ReadFile(path) // another process was first
		}
	}
	if err != nil {
		return nil, fmt.Errorf("authn: development key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("authn: development key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("authn: development key %s can be read by others (mode %o): chmod 600 it, or delete it to get a new one", path, mode)
	}
	return parseDevKey(path, raw)
}

// createKey writes to a temporary file first: a crash must not leave half a key,
// and of two processes that start together only one makes the key.
func createKey(path string) ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	raw := pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".devkey-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(raw); err != nil {
		return nil, errors.Join(err, tmp.Close())
	}
	if err := tmp.Close(); err != nil {
		return nil, err
	}
	return raw, os.Link(tmp.Name(), path) // unlike rename, fails where path exists
}

func parseDevKey(path string, raw []byte) (*DevKeys, error) {
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("authn: development key %s is not a PEM private key: delete it to get a new one", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("authn: development key %s: %w", path, err)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("authn: development key %s is not an Ed25519 key: delete it to get a new one", path)
	}
	return newDevKeys(private)
}

func newDevKeys(private ed25519.PrivateKey) (*DevKeys, error) {
	key, err := jwk.Import(private)
	if err != nil {
		return nil, fmt.Errorf("authn: development key: %w", err)
	}
	if err := jwk.AssignKeyID(key); err != nil {
		return nil, fmt.Errorf("authn: development key: %w", err)
	}
	public, err := key.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("authn: development key: %w", err)
	}
	kid, _ := key.KeyID()
	jwks, err := json.Marshal(map[string]any{"keys": []jwk.Key{public}})
	if err != nil {
		return nil, fmt.Errorf("authn: development key: %w", err)
	}
	return &DevKeys{private: key, kid: kid, jwks: jwks}, nil
}

// JWKS returns the public half as a key set, for Config.JWKS.
func (k *DevKeys) JWKS() []byte { return k.jwks }

// Grant is what a token of ours says.
type Grant struct {
	Issuer, Audience  string
	Principal         Principal
	NotBefore, Expiry time.Time
}

// Issue returns a signed token for g.
func (k *DevKeys) Issue(g Grant) (string, error) {
	b := jwt.NewBuilder().Issuer(g.Issuer).Audience([]string{g.Audience}).Subject(g.Principal.Subject).
		IssuedAt(g.NotBefore).NotBefore(g.NotBefore).Expiration(g.Expiry)
	if len(g.Principal.Roles) > 0 {
		b = b.Claim(rolesClaim, g.Principal.Roles)
	}
	if g.Principal.Tenant != uuid.Nil {
		b = b.Claim(tenantClaim, g.Principal.Tenant.String())
	}
	token, err := b.Build()
	if err != nil {
		return "", fmt.Errorf("authn: issue token: %w", err)
	}
	headers := jws.NewHeaders()
	if err := headers.Set(jws.KeyIDKey, k.kid); err != nil {
		return "", fmt.Errorf("authn: issue token: %w", err)
	}
	signed, err := jwt.Sign(token, jwt.WithKey(jwa.EdDSA(), k.private, jws.WithProtectedHeaders(headers)))
	if err != nil {
		return "", fmt.Errorf("authn: issue token: %w", err)
	}
	return string(signed), nil
}
