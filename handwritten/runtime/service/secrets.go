package service

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/oksai/oksai/handwritten/runtime/keyfile"
	"github.com/oksai/oksai/handwritten/runtime/secret"
)

// minSecret is how many characters a secret needs at least.
const minSecret = 32

// Secrets holds the secrets that modules share with other services, by the names
// of the environment variables in which an operator sets them.
type Secrets struct {
	vars map[string]string
	// dir keeps those that are made by the app itself; empty makes none.
	dir string
}

// NewSecrets takes secrets from the environment; those that are not set are made
// and kept in dir, or are not there if it is empty.
func NewSecrets(vars map[string]string, dir string) Secrets { return Secrets{vars, dir} }

// withSecrets makes secrets up only on engines of the app's own: elsewhere nobody could know them.
func (c Config) withSecrets(vars map[string]string) Config {
	c.secrets = NewSecrets(vars, "")
	if c.embedsDatabase() {
		c.secrets.dir = c.DataDir
	}
	return c
}

// Get returns the values of a secret: two, separated by a comma, while one takes
// the other's place. NAME_FILE names a file that holds them. Of a secret that is
// not set there are none, or one that is kept in the data folder as secret-NAME.
func (s Secrets) Get(name string) ([]secret.Text, error) {
	text, err := s.text(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var values []secret.Text
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

func (s Secrets) text(name string) (string, error) {
	set, file := s.vars[name], s.vars[name+"_FILE"]
	switch {
	case set != "" && file != "":
		return "", errors.New("it and its _FILE are both set: keep one")
	case file != "":
		text, err := os.ReadFile(file)
		return string(text), err
	case set != "" || s.dir == "":
		return set, nil
	}
	made, err := keyfile.Load(filepath.Join(s.dir, "secret-"+name), func() ([]byte, error) { return []byte(rand.Text() + rand.Text()), nil })
	return string(made), err
}
