package authn

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/oksai/oksai/handwritten/runtime/keyfile"
)

const pemType = "PRIVATE KEY"

// DevKeys is a signing key of our own, for development, tests and the CLI's
// token command. In production tokens come from an identity provider.
type DevKeys struct {
	*Signer
	jwks []byte
}

// LoadDevKeys reads the key file at path and makes it, readable by its owner
// only, where there is none. A key that others can read is refused.
func LoadDevKeys(path string) (*DevKeys, error) {
	raw, err := keyfile.Load(path, generateKey)
	if err != nil {
		return nil, fmt.Errorf("authn: development key: %w", err)
	}
	return parseDevKey(path, raw)
}

func generateKey() ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
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
	signer, err := NewSigner(private)
	if err != nil {
		return nil, err
	}
	jwks, err := JWKS(signer)
	if err != nil {
		return nil, err
	}
	return &DevKeys{signer, jwks}, nil
}

// JWKS returns the public half as a key set, for Config.JWKS.
func (k *DevKeys) JWKS() []byte { return k.jwks }
