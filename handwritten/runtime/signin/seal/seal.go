// Package seal encrypts what is kept in the database with keys that are not:
// who steals the one without the other has nothing.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/oksai/oksai/handwritten/runtime/keyfile"
)

// KeyBytes is the size of a key: AES-256.
const KeyBytes = 32

// Sealer seals with its first key, and opens with any: to change the key, put
// the new one in front and keep the old one until nothing is sealed with it.
type Sealer struct{ ciphers []cipher.AEAD }

// New wants at least one key of KeyBytes.
func New(keys ...[]byte) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: there is no key: set at least one")
	}
	s := &Sealer{}
	for i, key := range keys {
		if len(key) != KeyBytes {
			return nil, fmt.Errorf("seal: key %d has %d bytes, not %d: make one with `openssl rand -base64 32`", i+1, len(key), KeyBytes)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		s.ciphers = append(s.ciphers, aead)
	}
	return s, nil
}

// Parse reads keys in base64, separated by commas, as a configuration has them.
// Its errors do not quote what they complain about.
func Parse(text string) (*Sealer, error) {
	var keys [][]byte
	for i, part := range strings.Split(text, ",") {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("seal: key %d is not base64: make one with `openssl rand -base64 32`", i+1)
		}
		keys = append(keys, key)
	}
	return New(keys...)
}

// Load reads a key from a file, and makes one where there is none: for
// development, and for a machine that keeps everything in one folder.
func Load(path string) (*Sealer, error) {
	raw, err := keyfile.Load(path, func() ([]byte, error) {
		key := make([]byte, KeyBytes)
		_, err := rand.Read(key)
		return []byte(base64.StdEncoding.EncodeToString(key)), err
	})
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return Parse(string(raw))
}

// Seal encrypts plain. What is sealed for one purpose opens only for that one,
// so that nobody can swap sealed values in the database.
func (s *Sealer) Seal(plain []byte, purpose string) []byte {
	return s.ciphers[0].Seal(nil, nil, plain, []byte(purpose))
}

// Open returns what was sealed for the same purpose.
func (s *Sealer) Open(sealed []byte, purpose string) ([]byte, error) {
	for _, c := range s.ciphers {
		if plain, err := c.Open(nil, nil, sealed, []byte(purpose)); err == nil {
			return plain, nil
		}
	}
	return nil, fmt.Errorf("seal: no key opens %q: is the key it was sealed with still configured?", purpose)
}
