package main

import (
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// TestAFullTenantBeginsNothing until its plan has room, while all else goes on.
func TestAFullTenantBeginsNothing(t *testing.T) {
	p := launch(t)
	tenant := p.as("PlatformAdmin", "platform-admin").Must(t, 201, "POST", "/tenants", `{"name": "Small", "slug": "small"}`).Object(t).ID
	as := func(role, app string) apptest.Caller {
		token := apptest.Output(t, apptest.Command(p.data, nil, app, "token", "--role", role, "--tenant", tenant))
		return apptest.Caller{Base: p.Apps[app], Token: strings.TrimSpace(token)}
	}
	owner, member, demo := as("TenantOwner", "platform-api"), as("TenantMember", "platform-api"), as("TenantMember", "demo-api")
	job := member.Must(t, 201, "POST", "/jobs", `{"title": "Before"}`).Object(t).ID
	if _, err := p.database(t).Exec(t.Context(), `
		INSERT INTO oksai_usage.storage AS s VALUES ($1, 1000000000) ON CONFLICT (tenant_id) DO UPDATE SET bytes = s.bytes + EXCLUDED.bytes`, tenant); err != nil {
		t.Fatal(err)
	}
	for _, caller := range []apptest.Caller{member, demo} {
		enginetest.Eventually(t, apptest.HealWithin, "nothing new begins", func() bool {
			return caller.Do(t, "POST", "/jobs", `{"title": "Too much"}`).Status == 409
		})
		caller.Do(t, "POST", "/jobs", `{"title": "Too much"}`).WantProblem(t, 409, "STORAGE_FULL")
	}
	member.Must(t, 200, "POST", "/jobs/"+job+"/start", "")
	member.Must(t, 200, "GET", "/jobs", "")

	owner.Must(t, 200, "POST", "/tenants/"+tenant+"/change-plan", `{"plan": "pro"}`)
	enginetest.Eventually(t, apptest.HealWithin, "there is room again", func() bool {
		return member.Do(t, "POST", "/jobs", `{"title": "After"}`).Status == 201
	})
}
