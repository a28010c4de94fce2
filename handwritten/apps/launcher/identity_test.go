package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// cutOffWithin is how soon a disabled user is refused everywhere.
const cutOffWithin = 5 * time.Second

const password = "correct horse battery"

var mailToken = regexp.MustCompile(`oksaimail_[a-z0-9_]+`)

// mailed is the token in the only mail.
func (p *platform) mailed(t *testing.T) string {
	t.Helper()
	mails, err := filepath.Glob(filepath.Join(p.data, "mail", "*.eml"))
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
	p.as("TenantOwner", "platform-api").Must(t, 200, "POST", "/invitations", `{"email": "ann@example.com", "roles": ["TenantMember"]}`)
	invited := p.mailed(t)
	nobody := apptest.Caller{Base: p.Apps["platform-api"]}
	joined := apptest.Decode[struct{ User, Tenant string }](t, nobody.Must(t, 200, "POST", "/join-tenant", `{"token": "`+invited+`", "password": "`+password+`"}`))
	if joined.Tenant != p.Tenant {
		t.Errorf("joined %s, want %s", joined.Tenant, p.Tenant)
	}
	session := apptest.Decode[struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}](t, nobody.Must(t, 200, "POST", "/sign-in", `{"email": "ann@example.com", "password": "`+password+`"}`))
	ann := apptest.Caller{Base: p.Apps["demo-api"], Token: session.Access}
	ann.Must(t, 201, "POST", "/jobs", `{"title": "Ann's"}`)
	ann.Via(p.Apps["platform-api"]).Must(t, 200, "GET", "/sessions", "")
	ann.Via(p.Apps["platform-admin"]).Must(t, 403, "GET", "/users", "")
	events := p.as("TenantOwner", "platform-api").Must(t, 200, "GET", "/security-events?kind=signed_in", "")
	if !strings.Contains(events.Body, joined.User) || strings.Contains(events.Body, "refresh") {
		t.Errorf("the tenant's security events are %s, want that ann signed in", events.Body)
	}
	ann.Via(p.Apps["platform-api"]).Must(t, 403, "GET", "/security-events", "")

	made := apptest.Decode[struct{ Key, Secret string }](t, p.as("TenantOwner", "platform-api").Must(t, 200, "POST", "/api-keys", `{"name": "robot", "roles": ["TenantMember"]}`))
	robot := apptest.Caller{Base: p.Apps["demo-api"], Token: made.Secret}
	robot.Must(t, 201, "POST", "/jobs", `{"title": "The robot's"}`)
	robot.Do(t, "POST", "/tenants", `{"name": "The robot's", "slug": "robot"}`).WantProblem(t, 403, "NOT_A_USER")
	operator := p.as("PlatformAdmin", "platform-admin")
	if keys := operator.Must(t, 200, "GET", "/api-keys", "", "X-Tenant-ID", p.Tenant); !strings.Contains(keys.Body, made.Key) {
		t.Errorf("the operator sees the keys %s", keys.Body)
	}
	operator.Must(t, 204, "DELETE", "/api-keys/"+made.Key, "", "X-Tenant-ID", p.Tenant)
	enginetest.Eventually(t, cutOffWithin, "the end of the robot's work", func() bool { return robot.Do(t, "GET", "/jobs", "").Status == 401 })

	operator.Must(t, 200, "POST", "/users/"+joined.User+"/disable", `{"reason": "left"}`)
	began := time.Now()
	for app := range p.Apps {
		enginetest.Eventually(t, cutOffWithin, "the end of ann's work in "+app, func() bool {
			return ann.Via(p.Apps[app]).Do(t, "GET", "/tenants/"+p.Tenant, "").Status == 401
		})
	}
	t.Logf("cut off everywhere after %v", time.Since(began))
	nobody.Must(t, 401, "POST", "/refresh-session", `{"refresh_token": "`+session.Refresh+`"}`)
	nobody.Must(t, 401, "POST", "/sign-in", `{"email": "ann@example.com", "password": "`+password+`"}`)
	p.showsNo(t, password, invited, session.Access, session.Refresh, made.Secret)
}

// showsNo looks for secrets in the log of all apps.
func (p *platform) showsNo(t *testing.T, secrets ...string) {
	t.Helper()
	log := p.Log.String()
	if !strings.Contains(log, "SignIn") {
		t.Fatal("the log has no requests")
	}
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %.12s…", secret)
		}
	}
}
