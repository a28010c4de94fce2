package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// PlatformRole is the role of those who work for the platform, not for a tenant.
const PlatformRole = "PlatformAdmin"

// DemoAPI calls the app's public API as a platform administrator.
type DemoAPI struct {
	ctx     context.Context
	baseURL string
	token   string
}

// Post sends body as JSON under an idempotency key and decodes the answer into
// answer; an answer that is not 2xx is an error with its text.
func (d DemoAPI) Post(path, key string, body, answer any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.baseURL+path, bytes.NewReader(payload))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("POST %s: %s: %s", path, resp.Status, text)
	}
	return json.Unmarshal(text, answer)
}

// devFile is what dev.json in the data folder tells scripts and people.
type devFile struct {
	BaseURL string            `json:"base_url"`
	Tenant  string            `json:"tenant,omitempty"`
	Tokens  map[string]string `json:"tokens"` // by role
}

// welcome makes the demo tenant, writes dev.json and prints the first request to try.
func (p *process) welcome(ctx context.Context, baseURL string) error {
	dev := devFile{BaseURL: baseURL, Tokens: map[string]string{}}
	admin, err := p.config.devToken("dev", uuid.Nil, []string{PlatformRole}, p.clock())
	if err != nil {
		return err
	}
	if p.app.Demo != nil {
		if dev.Tenant, err = p.app.Demo(DemoAPI{ctx, baseURL, admin}); err != nil {
			return fmt.Errorf("make the demo tenant: %w", err)
		}
	}
	for _, role := range p.app.Roles {
		if dev.Tokens[role], err = p.roleToken(dev.Tenant, role); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(dev, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(p.config.DataDir, "dev.json")
	if err := os.WriteFile(path, append(raw, '\n'), 0o600); err != nil {
		return err
	}
	p.greet(dev, path)
	return nil
}

func (p *process) roleToken(tenant, role string) (string, error) {
	id := uuid.Nil
	if role != PlatformRole && tenant != "" {
		id = uuid.MustParse(tenant)
	}
	return p.config.devToken("dev-"+strings.ToLower(role), id, []string{role}, p.clock())
}

func (p *process) greet(dev devFile, path string) {
	role := p.app.Roles[0]
	if i := slices.Index(p.app.Roles, "TenantMember"); i >= 0 {
		role = p.app.Roles[i]
	}
	fmt.Fprintf(p.out, "\n%s is ready at %s (documentation: %s/docs) after %s\n", p.app.Name, dev.BaseURL, dev.BaseURL, time.Since(p.started).Round(time.Millisecond))
	fmt.Fprintf(p.out, "Tokens of the demo tenant are in %s. Try:\n\n", path)
	fmt.Fprintf(p.out, "  TOKEN=$(sed -n 's/.*\"%s\": \"\\(.*\\)\".*/\\1/p' %s)\n", role, path)
	fmt.Fprintf(p.out, "  curl -s %s/jobs -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\"title\": \"Ship it\"}'\n\n", dev.BaseURL)
}
