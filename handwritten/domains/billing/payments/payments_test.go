package payments_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/billing"
	billingserver "github.com/oksai/oksai/gen/billing/server"
	"github.com/oksai/oksai/gen/tenant"
	rules "github.com/oksai/oksai/handwritten/domains/billing"
	"github.com/oksai/oksai/handwritten/domains/billing/work"
	tenantrules "github.com/oksai/oksai/handwritten/domains/tenant"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/money"
	"github.com/oksai/oksai/handwritten/runtime/platformtest"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/webhook"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

var (
	noon  = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	owed  = money.Money{Amount: 4900, Currency: "EUR"}
	first = strings.Repeat("1", 32)
	next  = strings.Repeat("2", 32)
)

// desk is a billing module with one issued invoice, that a provider may call.
type desk struct {
	*platformtest.Platform
	tenant, invoice uuid.UUID
	invoices        *billing.Invoices
	server          *httpx.Server
	log             strings.Builder
}

func newDesk(t *testing.T, keys ...string) *desk {
	t.Helper()
	d := &desk{Platform: platformtest.Open(t, noon), tenant: uuid.New(), invoice: uuid.New()}
	repos, tenants := billing.NewRepositories(d.Store, rules.Rules{}, d.Clock()), tenant.NewRepositories(d.Store, d.Clock())
	d.invoices = billing.NewInvoices(repos, rules.Rules{})
	subscriptions := billing.NewSubscriptions(repos, rules.Rules{}, tenants)
	draft := billing.DraftInvoice{Period: 1, PeriodStart: noon.AddDate(0, -1, 0), PeriodEnd: noon, Plan: tenant.PlanPro}
	_, err := platformtest.Create(t.Context(), d.invoices.Repository(), d.tenant, d.invoice, d.invoices.DraftInvoice, draft)
	check(t, err)
	_, err = platformtest.Do(t.Context(), d.invoices.Repository(), d.tenant, d.invoice, d.invoices.IssueInvoice, billing.IssueInvoice{})
	check(t, err)

	deps := service.Deps{Store: d.Store, Clock: d.Now}
	means := billing.Means{Repositories: repos, Subscriptions: subscriptions, Invoices: d.invoices, PaymentWebhookSecret: texts(keys)}
	operations, err := work.New(deps, means)
	check(t, err)
	module, err := billingserver.New(deps, repos, rules.Rules{}, operations, subscriptions, d.invoices, tenant.NewTenants(tenants, tenantrules.Rules{}))
	check(t, err)
	d.server, err = httpx.NewServer(httpx.Config{App: "test", Addr: "127.0.0.1:0", Log: slog.New(slog.NewJSONHandler(&d.log, nil))}, module.HTTP)
	check(t, err)
	return d
}

func (d *desk) payment(id string, amount money.Money) string {
	return fmt.Sprintf(`{"payment": %q, "tenant": %q, "invoice": %q, "amount": {"amount": %d, "currency": %q}, "method": "card"}`, id, d.tenant, d.invoice, amount.Amount, amount.Currency)
}

func (d *desk) call(body, signature string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/payments", strings.NewReader(body))
	r.Header.Set(webhook.Header, signature)
	w := httptest.NewRecorder()
	d.server.Handler().ServeHTTP(w, r)
	return w
}

func sign(body string, at time.Time, keys ...string) string {
	return webhook.Sign(at, []byte(body), texts(keys)...)
}

func texts(keys []string) (secrets []secret.Text) {
	for _, k := range keys {
		secrets = append(secrets, secret.New(k))
	}
	return secrets
}

func (d *desk) paid(t *testing.T) (billing.Invoice, int64) {
	t.Helper()
	loaded, err := d.invoices.Repository().Load(t.Context(), d.tenant, d.invoice)
	check(t, err)
	return *loaded.State, loaded.Version
}

func TestAPaymentCountsOnce(t *testing.T) {
	d := newDesk(t, first, next)
	body := d.payment("p1", owed)
	for i, signature := range []string{sign(body, noon, first), sign(body, noon.Add(time.Minute), next), sign(body, noon, "unknown", next)} {
		if w := d.call(body, signature); w.Code != 204 {
			t.Fatalf("call %d: %d %s", i, w.Code, w.Body)
		}
	}
	invoice, version := d.paid(t)
	if invoice.Status != billing.InvoiceStatusPaid || invoice.Paid != owed || version != 4 { // drafted, issued, received, paid
		t.Errorf("%s, paid %v, version %d", invoice.Status, invoice.Paid, version)
	}
	d.Settle(t)
	if by := d.Told[len(d.Told)-1].Metadata.User; by != "payment-provider" {
		t.Errorf("the payment was recorded by %q", by)
	}
}

func TestConcurrentRepeatsCountOnce(t *testing.T) {
	d := newDesk(t, first)
	body := d.payment("p1", money.Money{Amount: 100, Currency: "EUR"})
	codes := make([]int, 64)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() { codes[i] = d.call(body, sign(body, noon, first)).Code })
	}
	all.Wait()
	for i, code := range codes {
		if code != 204 {
			t.Errorf("repeat %d: %d", i, code)
		}
	}
	if invoice, version := d.paid(t); invoice.Paid.Amount != 100 || version != 3 {
		t.Errorf("paid %v, version %d", invoice.Paid, version)
	}
}

func TestWhatIsNotBelieved(t *testing.T) {
	d := newDesk(t, first)
	good := d.payment("p1", owed)
	signed := func(body string) string { return sign(body, noon, first) }
	elsewhere := strings.Replace(good, d.invoice.String(), uuid.NewString(), 1)
	stranger := strings.Replace(good, d.tenant.String(), uuid.NewString(), 1)
	nul := strings.Replace(good, "p1", `p\u0000`, 1)
	dollars := d.payment("p1", money.Money{Amount: 4900, Currency: "USD"})
	for name, c := range map[string]struct {
		body, signature string
		status          int
		code            string
	}{
		"no signature":               {good, "", 401, "INVALID_SIGNATURE"},
		"another's signature":        {good, sign(good, noon, next), 401, "INVALID_SIGNATURE"},
		"a byte changed":             {strings.Replace(good, "4900", "4800", 1), signed(good), 401, "INVALID_SIGNATURE"},
		"an old signature":           {good, sign(good, noon.Add(-6*time.Minute), first), 401, "SIGNATURE_EXPIRED"},
		"a signature of the future":  {good, sign(good, noon.Add(6*time.Minute), first), 401, "SIGNATURE_EXPIRED"},
		"no JSON":                    {"payment=p1", signed("payment=p1"), 400, "INVALID_PAYMENT"},
		"nothing":                    {"", signed(""), 400, "INVALID_PAYMENT"},
		"no amount":                  {`{"payment": "p1"}`, signed(`{"payment": "p1"}`), 400, "INVALID_PAYMENT"},
		"no payment's id":            {strings.Replace(good, "p1", " ", 1), signed(strings.Replace(good, "p1", " ", 1)), 400, "INVALID_REQUEST"},
		"a currency that is none":    {strings.Replace(good, "EUR", "euro", 1), signed(strings.Replace(good, "EUR", "euro", 1)), 400, "INVALID_REQUEST"},
		"a part of a cent":           {strings.Replace(good, "4900", "49.5", 1), signed(strings.Replace(good, "4900", "49.5", 1)), 400, "INVALID_PAYMENT"},
		"an unknown invoice":         {elsewhere, signed(elsewhere), 404, "UNKNOWN_INVOICE"},
		"another tenant's invoice":   {stranger, signed(stranger), 404, "UNKNOWN_INVOICE"},
		"another currency":           {dollars, signed(dollars), 409, "CURRENCY_MISMATCH"},
		"less than nothing":          {d.payment("p1", money.Money{Amount: -1, Currency: "EUR"}), signed(d.payment("p1", money.Money{Amount: -1, Currency: "EUR"})), 409, "PAYMENT_OUT_OF_RANGE"},
		"more than a body may have":  {good + strings.Repeat(" ", 1<<20), signed(good), 413, "BODY_TOO_LARGE"},
		"a text that cannot be kept": {nul, signed(nul), 400, "INVALID_REQUEST"},
	} {
		w := d.call(c.body, c.signature)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.code) {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.code)
		}
	}
	if invoice, version := d.paid(t); version != 2 || len(invoice.Payments) != 0 {
		t.Errorf("something was recorded: version %d, %v", version, invoice.Payments)
	}
	for _, hidden := range []string{first, sign(good, noon, next)} {
		if strings.Contains(d.log.String(), hidden) {
			t.Errorf("the log shows %s", hidden)
		}
	}
}

func TestAPaymentsIDIsOfOneAmount(t *testing.T) {
	d := newDesk(t, first)
	for _, c := range []struct {
		amount int64
		status int
	}{{100, 204}, {200, 409}, {100, 204}} {
		body := d.payment("p1", money.Money{Amount: c.amount, Currency: "EUR"})
		if w := d.call(body, sign(body, noon, first)); w.Code != c.status {
			t.Errorf("%d cents: %d %s", c.amount, w.Code, w.Body)
		}
	}
}

func TestWithoutASecretNobodyIsBelieved(t *testing.T) {
	d := newDesk(t)
	body := d.payment("p1", owed)
	if w := d.call(body, sign(body, noon, "")); w.Code != 503 || !strings.Contains(w.Body.String(), "PAYMENT_WEBHOOK_SECRET") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
