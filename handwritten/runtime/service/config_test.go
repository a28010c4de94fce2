package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sealing = "a-cursor-secret-of-forty-characters-....."

const signing = "c2lnbmluZy1zZWNyZXQtb2YtMzItYnl0ZXMtLi4uLi4="

func production(more ...string) []string {
	return append([]string{
		"DATABASE_URL=postgres://oksai:hunter2@db:5432/oksai", "AUTH_JWKS_URL=https://id.example.com/jwks",
		"AUTH_ISSUER=https://id.example.com", "AUTH_AUDIENCE=oksai", "CURSOR_SECRET=" + sealing, "SIGNING_SECRET=" + signing,
	}, more...)
}

func TestEmptyEnvironmentIsEmbedded(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig(nil, 3002)
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 3002 || !c.embedsDatabase() || !c.ownKeys() {
		t.Errorf("LoadConfig(nothing) = %+v", c)
	}
}

func TestAllMistakesAreListedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := LoadConfig([]string{"PORT=70000", "DATABASE_URL=mysql://x", "REDIS_URL=localhost", "CURSOR_SECRET=short", "LOG_LEVEL=loud", "SMTP_URL=https://mail", "AUTH_EXTERNAL=[{}]", "TRUSTED_PROXIES=proxy", "BANK_KEY=short", "MAIL_KEY_FILE=/nowhere"}, 3002, "BANK_KEY", "MAIL_KEY")
	if err == nil {
		t.Fatal("wrong settings were accepted")
	}
	for _, want := range []string{"PORT is 70000", "DATABASE_URL must look like", "REDIS_URL must look like", "CURSOR_SECRET has 5", "SIGNING_SECRET", "SMTP_URL and MAIL_FROM", "RolesClaim", "TRUSTED_PROXIES: ", "LOG_LEVEL: ", "BANK_KEY has", "MAIL_KEY_FILE: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not mention %q:\n%v", want, err)
		}
	}
}

func TestSecretFromFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cursor")
	if err := os.WriteFile(path, []byte(sealing+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := production("CURSOR_SECRET=", "CURSOR_SECRET_FILE="+path)
	c, err := LoadConfig(environ, 1)
	if err != nil || c.CursorSecret != sealing {
		t.Errorf("CURSOR_SECRET_FILE gave %q, %v", c.CursorSecret, err)
	}
	if _, err := LoadConfig(production("CURSOR_SECRET_FILE="+path), 1); err == nil {
		t.Error("a secret given twice was accepted")
	}
}

func TestRedactedShowsNoSecret(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig(production("SMTP_URL=smtp://ann:hunter2@mail:587", "MAIL_FROM=oksai@example.com"), 1)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprint(c.Redacted())
	for _, hidden := range []string{"hunter2", sealing, signing} {
		if strings.Contains(shown, hidden) {
			t.Errorf("%q shows in %s", hidden, shown)
		}
	}
}
