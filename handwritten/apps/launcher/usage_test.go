package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
)

// TestADayIsMeasured lets two days pass: then billing knows what the tenant did on the first.
func TestADayIsMeasured(t *testing.T) {
	clock := filepath.Join(folder(t), "clock")
	ahead := func(by string) {
		if err := os.WriteFile(clock, []byte(by), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ahead("0s")
	p := launch(t, "OKSAI_CLOCK="+clock)
	owner, member := p.as("TenantOwner", "platform-api"), p.as("TenantMember", "platform-api")
	eventually(t, readyWithin, "the tenant's subscription", func() bool {
		return len(decode[list](t, owner.must(t, 200, "GET", "/subscriptions", "")).Items) == 1
	})
	today := time.Now().UTC().Format(time.DateOnly)
	for range 3 {
		member.must(t, 201, "POST", "/jobs", `{"title": "Counted"}`)
	}

	// Calls are kept every second; a clock that jumps would have the day measured before.
	eventually(t, readyWithin, "the day's calls", func() bool { return p.calls(t) >= 4 })
	ahead("48h30m")
	owner.token = p.token(t, "TenantOwner", "OKSAI_CLOCK="+clock)
	type usage struct {
		Items []struct {
			Day      string `json:"day"`
			Jobs     int    `json:"jobs"`
			APICalls int    `json:"api_calls"`
		} `json:"items"`
	}
	var seen usage
	eventually(t, readyWithin, "the usage of "+today, func() bool {
		seen = decode[usage](t, owner.must(t, 200, "GET", "/usage", ""))
		return len(seen.Items) > 0 && seen.Items[len(seen.Items)-1].Day == today
	})
	// Three jobs were made, by three calls; and the subscription was asked for.
	if first := seen.Items[len(seen.Items)-1]; first.Jobs != 3 || first.APICalls < 4 {
		t.Errorf("measured %+v", first)
	}
}

// calls is how many of the demo tenant's are kept.
func (p *platform) calls(t *testing.T) (calls int) {
	t.Helper()
	engines, err := embedded.Find(filepath.Dir(p.log))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), engines.PostgresURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), `SELECT coalesce(sum(calls), 0) FROM oksai_usage.api_calls WHERE tenant_id = $1`, p.Tenant).Scan(&calls); err != nil {
		t.Fatal(err)
	}
	return calls
}

// token is a development token by the platform's clock.
func (p *platform) token(t *testing.T, role string, settings ...string) string {
	t.Helper()
	cmd := exec.Command(programs+"platform-api", "token", "--role", role)
	cmd.Env = append(append(os.Environ(), "OKSAI_DATA="+filepath.Dir(p.log)), settings...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("make a token: %v", err)
	}
	return strings.TrimSpace(string(out))
}
