package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// cutOffWithin is how soon a disabled user is refused everywhere.
const cutOffWithin = 5 * time.Second

const password = "correct horse battery"

var mailToken = regexp.MustCompile(`oksaimail_[a-z0-9_]+`)

// mailed is the token in the only mail.
func (p *platform) mailed(t *testing.T) string {
	t.Helper()
	mails, err := filepath.Glob(filepath.Join(filepath.Dir(p.log), "mail", "*.eml"))
	if err != nil || len(mails) != 1 {
		t.Fatalf("the mails are %v, %v", mails, err)
	}
	text, err := os.ReadFile(mails[0])
	if err != nil {
		t.Fatal(err)
	}
	return mailToken.FindString(string(text))
}

// TestAUserOfAllApps: who joins through one app works in the others, until an
// operator disables them in a third.
func TestAUserOfAllApps(t *testing.T) {
	p := launch(t)
	p.as("TenantOwner", "platform-api").must(t, 200, "POST", "/invitations", `{"email": "ann@example.com", "roles": ["TenantMember"]}`)
	invited := p.mailed(t)
	nobody := caller{base: p.Apps["platform-api"]}
	joined := decode[struct{ User, Tenant string }](t, nobody.must(t, 200, "POST", "/join-tenant", `{"token": "`+invited+`", "password": "`+password+`"}`))
	if joined.Tenant != p.Tenant {
		t.Errorf("joined %s, want %s", joined.Tenant, p.Tenant)
	}
	session := decode[struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}](t, nobody.must(t, 200, "POST", "/sign-in", `{"email": "ann@example.com", "password": "`+password+`"}`))
	ann := caller{p.Apps["demo-api"], session.Access}
	ann.must(t, 201, "POST", "/jobs", `{"title": "Ann's"}`)
	ann.via(p, "platform-api").must(t, 200, "GET", "/sessions", "")
	ann.via(p, "platform-admin").must(t, 403, "GET", "/users", "")
	events := p.as("TenantOwner", "platform-api").must(t, 200, "GET", "/security-events?kind=signed_in", "")
	if !strings.Contains(events.body, joined.User) || strings.Contains(events.body, "refresh") {
		t.Errorf("the tenant's security events are %s, want that ann signed in", events.body)
	}
	ann.via(p, "platform-api").must(t, 403, "GET", "/security-events", "")

	made := decode[struct{ Key, Secret string }](t, p.as("TenantOwner", "platform-api").must(t, 200, "POST", "/api-keys", `{"name": "robot", "roles": ["TenantMember"]}`))
	robot := caller{p.Apps["demo-api"], made.Secret}
	robot.must(t, 201, "POST", "/jobs", `{"title": "The robot's"}`)
	operator := p.as("PlatformAdmin", "platform-admin")
	if keys := operator.must(t, 200, "GET", "/api-keys", "", "X-Tenant-ID", p.Tenant); !strings.Contains(keys.body, made.Key) {
		t.Errorf("the operator sees the keys %s", keys.body)
	}
	operator.must(t, 204, "DELETE", "/api-keys/"+made.Key, "", "X-Tenant-ID", p.Tenant)
	eventually(t, cutOffWithin, "the end of the robot's work", func() bool { return robot.do(t, "GET", "/jobs", "").status == 401 })

	operator.must(t, 200, "POST", "/users/"+joined.User+"/disable", `{"reason": "left"}`)
	began := time.Now()
	for app := range p.Apps {
		eventually(t, cutOffWithin, "the end of ann's work in "+app, func() bool {
			return ann.via(p, app).do(t, "GET", "/tenants/"+p.Tenant, "").status == 401
		})
	}
	t.Logf("cut off everywhere after %v", time.Since(began))
	nobody.must(t, 401, "POST", "/refresh-session", `{"refresh_token": "`+session.Refresh+`"}`)
	nobody.must(t, 401, "POST", "/sign-in", `{"email": "ann@example.com", "password": "`+password+`"}`)
	p.showsNo(t, password, invited, session.Access, session.Refresh, made.Secret)
}

// via is the same user, who asks another app.
func (c caller) via(p *platform, app string) caller { return caller{p.Apps[app], c.token} }

// showsNo looks for secrets in the log of all apps.
func (p *platform) showsNo(t *testing.T, secrets ...string) {
	t.Helper()
	log, err := os.ReadFile(p.log)
	if err != nil || !strings.Contains(string(log), "SignIn") {
		t.Fatalf("the log has no requests: %v", err)
	}
	for _, secret := range secrets {
		if strings.Contains(string(log), secret) {
			t.Errorf("the log shows %.12s…", secret)
		}
	}
}
