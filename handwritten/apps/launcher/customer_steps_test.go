package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

const day = 24 * time.Hour

// customer is a tenant with its people, on a platform whose clock the test moves.
type customer struct {
	*platform
	clock         string // its file
	ahead         time.Duration
	webhookSecret string
	tenant        string
	title         string // of the job that is looked for
}

func newCustomer(t *testing.T) *customer {
	t.Helper()
	c := &customer{clock: filepath.Join(t.TempDir(), "clock"), webhookSecret: rand.Text() + rand.Text(), title: "Ship " + rand.Text()[:6]}
	c.later(t, 0)
	settings := []string{"OKSAI_CLOCK=" + c.clock, "PAYMENT_WEBHOOK_SECRET=" + c.webhookSecret}
	if enginetest.KafkaIsReal() {
		settings = append(settings, "KAFKA_BROKERS="+strings.Join(enginetest.Kafka(t), ","))
	}
	if enginetest.RedisIsReal() {
		settings = append(settings, "REDIS_URL="+enginetest.RedisServer(t))
	}
	c.platform = launch(t, settings...)
	return c
}

// later moves the platform's clock on.
func (c *customer) later(t *testing.T, by time.Duration) {
	t.Helper()
	c.ahead += by
	if err := os.WriteFile(c.clock, []byte(c.ahead.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// operator works for the platform, by a token of today.
func (c *customer) operator(t *testing.T) apptest.Caller {
	t.Helper()
	return apptest.Caller{Base: c.Apps["platform-admin"], Token: c.token(t, "PlatformAdmin", "OKSAI_CLOCK="+c.clock)}
}

func (c *customer) nobody() apptest.Caller { return apptest.Caller{Base: c.Apps["platform-api"]} }

// signIn is a session of today, of one of the tenant's people. When weeks have
// gone by at once, the keys that sign tokens must be replaced first.
func (c *customer) signIn(t *testing.T, email string) apptest.Caller {
	t.Helper()
	body := fmt.Sprintf(`{"email": %q, "password": %q, "tenant": %q}`, email, password, c.tenant)
	var a apptest.Answer
	enginetest.Eventually(t, apptest.HealWithin, "a session of "+email, func() bool {
		a = c.nobody().Do(t, "POST", "/sign-in", body)
		return a.Status != 503
	})
	if a.Status != 200 {
		t.Fatalf("%s cannot sign in: %d %s", email, a.Status, a.Body)
	}
	return apptest.Caller{Base: c.Apps["platform-api"], Token: apptest.Decode[struct {
		Access string `json:"access_token"`
	}](t, a).Access}
}

// owned is the owner's session of today, also where the tenant may not work.
func (c *customer) owned(t *testing.T) apptest.Caller { t.Helper(); return c.signIn(t, owner) }

// owner waits for what the owner sees.
func (c *customer) owner(t *testing.T, what string, ok func(boss apptest.Caller) bool) {
	t.Helper()
	boss := c.owned(t)
	enginetest.Eventually(t, apptest.HealWithin, what, func() bool { return ok(boss) })
}

// invoice waits until the tenant's first invoice has a status.
func (c *customer) invoice(t *testing.T, status string) (found invoice) {
	t.Helper()
	c.owner(t, "an invoice that is "+status, func(boss apptest.Caller) bool {
		all := listed[invoice](t, boss, "/invoices")
		if len(all) == 0 {
			return false
		}
		found = all[len(all)-1] // the newest period comes first
		return found.Status == status
	})
	return found
}

func (c *customer) standing(t *testing.T, operator apptest.Caller) string {
	t.Helper()
	return apptest.Decode[struct{ Status string }](t, operator.Must(t, 200, "GET", "/tenants/"+c.tenant, "")).Status
}

func (c *customer) webhook(t *testing.T, status int, body string, headers ...string) {
	t.Helper()
	c.nobody().Must(t, status, "POST", "/webhooks/payments", body, headers...)
}

// sign is what the payment provider does: see the description of PaymentWebhook.
func (c *customer) sign(body string) string {
	at := fmt.Sprint(time.Now().Add(c.ahead).Unix())
	mac := hmac.New(sha256.New, []byte(c.webhookSecret))
	mac.Write([]byte(at + "." + body))
	return "t=" + at + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// mailedTo is the token of the only mail to an address.
func (c *customer) mailedTo(t *testing.T, email string) string {
	t.Helper()
	var found []string
	mails, _ := filepath.Glob(filepath.Join(c.data, "mail", "*.eml"))
	for _, file := range mails {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), email) {
			found = append(found, mailToken.FindString(string(text)))
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d mails went to %s", len(found), email)
	}
	return found[0]
}
