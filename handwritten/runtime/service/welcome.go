package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/authn"
)

// devFile is what dev.json in the data folder tells scripts and people.
type devFile struct {
	BaseURL string            `json:"base_url"` // of the app in front
	Apps    map[string]string `json:"apps"`     // base URLs by name
	Tenant  string            `json:"tenant,omitempty"`
	Tokens  map[string]string `json:"tokens"` // by role
}

// welcome is what a person who starts the platform for development is told.
type welcome struct {
	front   string            // the app that the first request goes to
	apps    map[string]string // base URLs by name
	roles   []string
	demo    *Demo
	started time.Time
	out     io.Writer
}

// welcome makes the demo tenant, writes dev.json and prints the first request to try.
func (c Config) welcome(ctx context.Context, w welcome) error {
	dev := devFile{BaseURL: w.apps[w.front], Apps: w.apps, Tokens: map[string]string{}}
	admin, err := c.devToken("dev", uuid.Nil, []string{authn.PlatformRole}, c.clock()())
	if err != nil {
		return err
	}
	if dev.Tenant, err = w.demo.Tenant(DemoAPI{ctx, dev.BaseURL, admin}); err != nil {
		return fmt.Errorf("make the demo tenant: %w", err)
	}
	for _, role := range w.roles {
		if dev.Tokens[role], err = c.roleToken(dev.Tenant, role); err != nil {
			return err
		}
	}
	path := filepath.Join(c.DataDir, "dev.json")
	if err := dev.write(path); err != nil {
		return err
	}
	w.greet(dev, path)
	return nil
}

func (c Config) roleToken(tenant, role string) (string, error) {
	id := uuid.Nil
	if !authn.WithoutTenant(role) && tenant != "" {
		id = uuid.MustParse(tenant)
	}
	return c.devToken("dev-"+strings.ToLower(role), id, []string{role}, c.clock()())
}

func (d devFile) write(path string) error {
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}

func (w welcome) greet(dev devFile, path string) {
	fmt.Fprintln(w.out)
	for _, name := range slices.Sorted(maps.Keys(w.apps)) {
		fmt.Fprintf(w.out, "%s is ready at %s (documentation: %[2]s/docs)\n", name, w.apps[name])
	}
	fmt.Fprintf(w.out, "It took %s. Tokens of the demo tenant are in %s. Try:\n\n", time.Since(w.started).Round(time.Millisecond), path)
	fmt.Fprintf(w.out, "  TOKEN=$(sed -n 's/.*\"%s\": \"\\(.*\\)\".*/\\1/p' %s)\n", w.demo.Role, path)
	fmt.Fprintf(w.out, "  curl -s -H \"Authorization: Bearer $TOKEN\" %s%s\n\n", dev.BaseURL, w.demo.Request)
}
