package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/service/servicetest"
)

// TestADayIsMeasured lets two days pass: then billing knows what the tenant did on the first.
func TestADayIsMeasured(t *testing.T) {
	clock := filepath.Join(servicetest.DataFolder(t), "clock")
	ahead := func(by string) {
		if err := os.WriteFile(clock, []byte(by), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ahead("0s")
	p := launch(t, "OKSAI_CLOCK="+clock)
	owner, member := p.as("TenantOwner", "platform-api"), p.as("TenantMember", "platform-api")
	enginetest.Eventually(t, readyWithin, "the tenant's subscription", func() bool { return len(listed[any](t, owner, "/subscriptions")) == 1 })
	today := time.Now().UTC().Format(time.DateOnly)
	for range 3 {
		member.Must(t, 201, "POST", "/jobs", `{"title": "Counted"}`)
	}

	// Calls are kept every second; a clock that jumps would have the day measured before.
	enginetest.Eventually(t, readyWithin, "the day's calls", func() bool { return p.calls(t) >= 4 })
	ahead("48h30m")
	owner.Token = p.token(t, "TenantOwner", "OKSAI_CLOCK="+clock)
	type usage struct {
		Day      string
		Jobs     int
		APICalls int `json:"api_calls"`
	}
	var seen []usage
	enginetest.Eventually(t, readyWithin, "the usage of "+today, func() bool {
		seen = listed[usage](t, owner, "/usage")
		return len(seen) > 0 && seen[len(seen)-1].Day == today
	})
	// Three jobs were made, by three calls; and the subscription was asked for.
	if first := seen[len(seen)-1]; first.Jobs != 3 || first.APICalls < 4 {
		t.Errorf("measured %+v", first)
	}
}

// calls is how many of the demo tenant's are kept.
func (p *platform) calls(t *testing.T) (calls int) {
	t.Helper()
	if err := p.database(t).QueryRow(t.Context(), `SELECT coalesce(sum(calls), 0) FROM oksai_usage.api_calls WHERE tenant_id = $1`, p.Tenant).Scan(&calls); err != nil {
		t.Fatal(err)
	}
	return calls
}
