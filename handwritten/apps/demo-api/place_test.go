package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/service/servicetest"
)

// issuer and audience are of the tokens that servers with shared engines accept.
const issuer, audience = "https://id.example.com", "oksai"

// place is where servers run: a data folder, and the engines they do not start themselves.
type place struct {
	data     string
	settings []string // KEY=VALUE
	// What follows is set where the engines are shared.
	database string
	bus      bus.Config
	keys     *authn.DevKeys
}

// ownEngines is for one server, which starts its engines, but for a real Kafka.
func ownEngines(t *testing.T) place {
	t.Helper()
	at := place{data: servicetest.DataFolder(t), settings: []string{"LOG_LEVEL=WARN"}}
	if enginetest.KafkaIsReal() {
		at.settings = append(at.settings, "KAFKA_BROKERS="+strings.Join(enginetest.Kafka(t), ","))
	}
	return at
}

// sharedEngines is for several servers.
func sharedEngines(t *testing.T) place {
	t.Helper()
	at := place{data: servicetest.DataFolder(t), database: enginetest.Postgres(t)}
	at.bus = bus.Config{Platform: "oksai", Brokers: enginetest.Kafka(t)}
	var err error
	if at.keys, err = authn.LoadDevKeys(filepath.Join(at.data, "key.pem")); err != nil {
		t.Fatal(err)
	}
	jwks := filepath.Join(at.data, "jwks.json")
	if err := os.WriteFile(jwks, at.keys.JWKS(), 0o600); err != nil {
		t.Fatal(err)
	}
	at.settings = []string{
		"DATABASE_URL=" + at.database, "CLICKHOUSE_URL=" + enginetest.ClickHouse(t), "REDIS_URL=" + sharedRedis(t),
		"KAFKA_BROKERS=" + strings.Join(at.bus.Brokers, ","),
		"AUTH_JWKS_PATH=" + jwks, "AUTH_ISSUER=" + issuer, "AUTH_AUDIENCE=" + audience, "CURSOR_SECRET=" + rand.Text() + rand.Text(),
		"SIGNING_SECRET=" + base64.StdEncoding.EncodeToString([]byte(rand.Text() + rand.Text())[:32]),
		"DRAIN_DELAY=1s",
	}
	return at
}

func sharedRedis(t *testing.T) string {
	t.Helper()
	if enginetest.RedisIsReal() {
		return enginetest.RedisServer(t)
	}
	return "redis://" + agingRedis(t).Addr()
}

// agingRedis is a Redis whose clock goes on, which by itself stands still.
func agingRedis(t *testing.T) *miniredis.Miniredis {
	t.Helper()
	server := miniredis.RunT(t)
	outboxtest.Go(t, func(ctx context.Context) error {
		const step = 100 * time.Millisecond
		tick := time.NewTicker(step)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				server.FastForward(step)
			case <-ctx.Done():
				return nil
			}
		}
	})
	return server
}

// with is the same place with other settings.
func (p place) with(settings ...string) place {
	p.settings = append(slices.Clone(p.settings), settings...) // the last of a name counts
	return p
}

// command runs the app's program there.
func (p place) command(args ...string) *exec.Cmd {
	return apptest.Command(p.data, p.settings, program, args...)
}

// token is a user's in a tenant; an empty tenant is none.
func (p place) token(t *testing.T, user, tenant, role string) string {
	t.Helper()
	if p.keys == nil {
		return strings.TrimSpace(apptest.Output(t, p.command("token", "--user", user, "--tenant", tenant, "--role", role)))
	}
	who := authn.Principal{Subject: user, Roles: []string{role}}
	if tenant != "" {
		who.Tenant = uuid.MustParse(tenant)
	}
	now := time.Now()
	token, err := p.keys.Issue(authn.Grant{Issuer: issuer, Audience: audience, Principal: who, NotBefore: now, Expiry: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// databaseURL is the servers' PostgreSQL; one with its own tells it to nobody.
func (p place) databaseURL() (string, error) {
	if p.database != "" {
		return p.database, nil
	}
	dir := filepath.Join(p.data, "postgres")
	password, err := os.ReadFile(filepath.Join(dir, "password"))
	if err != nil {
		return "", err
	}
	running, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		return "", err
	}
	lines := strings.Split(string(running), "\n") // the port is in the fourth
	if len(lines) < 4 {
		return "", errors.New("postmaster.pid is not complete")
	}
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%s/postgres", strings.TrimSpace(string(password)), lines[3]), nil
}
