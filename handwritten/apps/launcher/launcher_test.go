package main

import (
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/service/servicetest"
)

// TestAppsAreOnePlatform: what one app was told, another one shows.
func TestAppsAreOnePlatform(t *testing.T) {
	p := launch(t)
	if p.BaseURL != p.Apps["demo-api"] || len(p.Apps) != 3 {
		t.Errorf("dev.json names %v with %s in front", p.Apps, p.BaseURL)
	}
	created := p.as("TenantMember", "platform-api").Must(t, 201, "POST", "/jobs", `{"title": "Across apps"}`)
	jobs := listed[struct{ Title string }](t, p.as("TenantMember", "demo-api"), "/jobs", "Oksai-Consistency", created.Seen())
	if len(jobs) != 1 || jobs[0].Title != "Across apps" {
		t.Errorf("demo-api lists %+v", jobs)
	}
	// The tenant was opened through demo-api; billing is elsewhere.
	owner := p.as("TenantOwner", "platform-api")
	enginetest.Eventually(t, readyWithin, "the tenant's subscription", func() bool { return len(listed[any](t, owner, "/subscriptions")) == 1 })
	p.as("TenantOwner", "platform-admin").Must(t, 403, "GET", "/tenants", "")
	p.as("PlatformAdmin", "platform-admin").Must(t, 200, "GET", "/tenants", "")
	if code := p.end(t, syscall.SIGTERM); code != 0 {
		t.Errorf("the launcher ended with code %d", code)
	}
}

// TestAppThatDiesComesBack while the others go on, at its address: who asks
// meanwhile waits. Its part of the read models is taken over.
func TestAppThatDiesComesBack(t *testing.T) {
	p := launch(t)
	for app := range p.Apps {
		dead := p.process(t, app)
		if err := syscall.Kill(dead, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		created := p.as("TenantMember", "demo-api").Must(t, 201, "POST", "/jobs", `{"title": "Meanwhile"}`)
		p.as("PlatformAdmin", app).Must(t, 200, "GET", "/tenants", "")
		enginetest.Eventually(t, apptest.HealWithin, "a list that shows the job", func() bool {
			// Who does not ask for the write is told meanwhile what the list has.
			p.as("TenantMember", "platform-api").Must(t, 200, "GET", "/jobs", "")
			return p.as("TenantMember", "platform-api").Do(t, "GET", "/jobs", "", "Oksai-Consistency", created.Seen()).Status == 200
		})
		if again := p.process(t, app); again == 0 || again == dead {
			t.Errorf("%s is process %d, and was %d", app, again, dead)
		}
	}
	// However the launcher ends, it leaves nothing behind.
	p.end(t, syscall.SIGKILL)
}

func TestLauncherSaysWhyItCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for setting, want := range map[string]string{
		"PORT=" + port:                 "one port for 3 apps",
		"PORT=no":                      "PORT",
		"PAYMENT_WEBHOOK_SECRET=short": "use at least 32",
	} {
		out, err := command(servicetest.DataFolder(t), setting).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || strings.Count(string(out), "\n") > 2 {
			t.Errorf("%s: %v: %s", setting, err, out)
		}
	}
}
