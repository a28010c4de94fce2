package service

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/authn"
)

type tokenCommand struct {
	Tenant string   `help:"The tenant's id; the demo tenant's by default."`
	Role   []string `required:"" help:"A role the token carries; may be repeated."`
	User   string   `default:"dev" help:"The subject."`
}

func (t tokenCommand) Run(i *invocation) error {
	for _, role := range t.Role {
		if !slices.Contains(i.app.Roles, role) {
			return fmt.Errorf("there is no role %q: use one of %v", role, i.app.Roles)
		}
	}
	tenant, err := t.tenant(i.config)
	if err != nil {
		return err
	}
	token, err := i.config.devToken(t.User, tenant, t.Role, i.config.clock()())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(i.out, token)
	return err
}

// tenant is the one asked for; else none for roles without one, and the demo tenant for the others.
func (t tokenCommand) tenant(c Config) (uuid.UUID, error) {
	if t.Tenant == "" && slices.ContainsFunc(t.Role, authn.WithoutTenant) {
		return uuid.Nil, nil
	}
	text := t.Tenant
	if text == "" {
		var dev devFile
		raw, err := os.ReadFile(filepath.Join(c.DataDir, "dev.json"))
		if err == nil {
			err = json.Unmarshal(raw, &dev)
		}
		if err != nil {
			return uuid.Nil, fmt.Errorf("there is no demo tenant yet (%w): start serve first, or name one with --tenant", err)
		}
		text = dev.Tenant
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fmt.Errorf("--tenant %q is not a tenant's id: %w", text, err)
	}
	return id, nil
}
