package service

import (
	"crypto/rand"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/oksai/oksai/handwritten/runtime/keyfile"
	"github.com/oksai/oksai/handwritten/runtime/secret"
)

// minSecret is how many characters a secret needs at least.
const minSecret = 32

// Secrets are what modules share with other services, by the names that their
// specs declare, which are those of the environment variables. Generated code
// gives each to its module's operations, in their Means; nobody else has them.
type Secrets map[string][]secret.Text

// readSecrets takes the declared secrets from the environment. One that is not
// set has no value; it has two while one takes the other's place.
func readSecrets(vars map[string]string, declared []string) (_ Secrets, errs []error) {
	read := Secrets{}
	for _, name := range declared {
		values, err := parseSecret(name, vars[name])
		read[name], errs = values, append(errs, err)
	}
	return read, errs
}

func parseSecret(name, text string) (values []secret.Text, err error) {
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if len(value) < minSecret {
			return nil, fmt.Errorf("%s has a secret of %d characters: use at least %d", name, len(value), minSecret)
		}
		values = append(values, secret.New(value))
	}
	return values, nil
}

// given are the secrets that the modules get. On engines of the app's own, one
// that is not set is made, and kept in the data folder as secret-NAME; elsewhere
// nobody could know it.
func (c Config) given() (Secrets, error) {
	given := maps.Clone(c.secrets)
	for name, values := range given {
		if len(values) > 0 || c.shared {
			continue
		}
		made, err := keyfile.Load(filepath.Join(c.DataDir, "secret-"+name), func() ([]byte, error) { return []byte(rand.Text() + rand.Text()), nil })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if given[name], err = parseSecret(name, string(made)); err != nil {
			return nil, err
		}
	}
	return given, nil
}

// redactedSecrets says of each secret only where it comes from.
func (c Config) redactedSecrets() map[string]any {
	shown := map[string]any{}
	for name, values := range c.secrets {
		switch {
		case len(values) > 0:
			shown[name] = "(set)"
		case c.shared:
			shown[name] = "(none)"
		default:
			shown[name] = "(in the data folder)"
		}
	}
	return shown
}
