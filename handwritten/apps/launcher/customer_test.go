package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// TestCustomersLife follows a customer from the first mail to the end of the
// data, over half a year of the platform's clock: owner and member, jobs, usage,
// a first invoice that nobody pays in time, suspension, payment, and erasure.
func TestCustomersLife(t *testing.T) {
	c := newCustomer(t)
	c.opens(t)
	c.worksFor(t)
	invoice := c.isInvoiced(t)
	c.isSuspended(t, invoice)
	c.pays(t, invoice)
	c.leaves(t)
	c.showsNo(t, password, c.webhookSecret)
}

const owner, member = "olivia@example.com", "max@example.com"

// opens registers the owner, who opens the tenant and invites a member.
func (c *customer) opens(t *testing.T) {
	t.Helper()
	c.nobody().Must(t, 204, "POST", "/register", fmt.Sprintf(`{"email": %q, "password": %q}`, owner, password))
	c.nobody().Must(t, 204, "POST", "/confirm-email", fmt.Sprintf(`{"token": %q}`, c.mailedTo(t, owner)))
	c.opensTenant(t)

	boss := c.signIn(t, owner)
	boss.Must(t, 200, "POST", "/tenants/"+c.tenant+"/change-plan", `{"plan": "pro"}`)
	other := boss.Must(t, 201, "POST", "/tenants", `{"name": "Acme Labs", "slug": "labs"}`).Object(t).ID
	boss.Must(t, 404, "GET", "/tenants/"+other, "") // is the owner's, but this session is of the first
	boss.Must(t, 200, "POST", "/invitations", fmt.Sprintf(`{"email": %q, "roles": ["TenantMember"]}`, member))
	c.nobody().Must(t, 200, "POST", "/join-tenant", fmt.Sprintf(`{"token": %q, "password": %q, "name": "Max"}`, c.mailedTo(t, member), password))
}

// opensTenant has the owner, who is in no tenant yet, open one, and waits until
// they are let in.
func (c *customer) opensTenant(t *testing.T) {
	t.Helper()
	session := apptest.Decode[struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}](t, c.nobody().Must(t, 200, "POST", "/sign-in", fmt.Sprintf(`{"email": %q, "password": %q}`, owner, password)))
	alone := apptest.Caller{Base: c.Apps["platform-api"], Token: session.Access}
	alone.Must(t, 403, "GET", "/jobs", "")
	c.tenant = apptest.Decode[struct{ ID string }](t, alone.Must(t, 201, "POST", "/tenants", `{"name": "Acme", "slug": "acme"}`)).ID
	enter := fmt.Sprintf(`{"refresh_token": %q, "tenant": %q}`, session.Refresh, c.tenant)
	enginetest.Eventually(t, apptest.HealWithin, "the owner to be a member", func() bool { return c.nobody().Do(t, "POST", "/switch-tenant", enter).Status == 200 })
}

// worksFor has the member work: jobs are created, done and found.
func (c *customer) worksFor(t *testing.T) {
	t.Helper()
	max := c.signIn(t, member)
	first := apptest.Decode[struct{ ID string }](t, max.Must(t, 201, "POST", "/jobs", fmt.Sprintf(`{"title": %q, "priority": "urgent"}`, c.title))).ID
	max.Must(t, 200, "POST", "/jobs/"+first+"/start", "")
	last := max.Must(t, 200, "POST", "/jobs/"+first+"/complete", "")
	jobs := listed[struct{ Title, Status string }](t, max, "/jobs?search="+url.QueryEscape(c.title), "Oksai-Consistency", last.Seen())
	if len(jobs) != 1 || jobs[0].Status != "completed" {
		t.Errorf("the jobs are %+v, want the one that is completed", jobs)
	}
	max.Must(t, 403, "POST", "/invitations", `{"email": "friend@example.com", "roles": ["TenantOwner"]}`)
}

type invoice struct {
	ID     string `json:"invoice_id"`
	Status string
	Total  money
	Paid   money
}

type money struct {
	Amount   int64
	Currency string
}

// isInvoiced lets the trial and the first month go by.
func (c *customer) isInvoiced(t *testing.T) invoice {
	t.Helper()
	c.later(t, 15*day)
	c.owner(t, "the subscription's first period", func(boss apptest.Caller) bool {
		all := listed[struct {
			Status string
			Period int
		}](t, boss, "/subscriptions")
		return len(all) == 1 && all[0].Status == "active" && all[0].Period == 1
	})
	for range 3 { // the usage of jobs is metered day by day
		max := c.signIn(t, member)
		max.Must(t, 201, "POST", "/jobs", `{"title": "A day's work"}`)
		c.later(t, day)
	}
	c.owner(t, "the usage of the days that are over", func(boss apptest.Caller) bool {
		jobs := 0
		for _, d := range listed[struct{ Jobs int }](t, boss, "/usage") {
			jobs += d.Jobs
		}
		return jobs >= 3
	})
	c.later(t, 31*day)
	c.invoice(t, "draft")
	c.later(t, 25*time.Hour)
	return c.invoice(t, "issued")
}

// isSuspended lets the invoice's time to be paid go by, and the grace period.
func (c *customer) isSuspended(t *testing.T, i invoice) {
	t.Helper()
	if i.Total != (money{4900, "EUR"}) {
		t.Errorf("the invoice is for %+v", i.Total)
	}
	max := c.signIn(t, member)
	max.Must(t, 200, "GET", "/jobs", "")
	c.later(t, 15*day)
	c.invoice(t, "overdue")
	c.later(t, 15*day)
	operator := c.operator(t)
	enginetest.Eventually(t, apptest.HealWithin, "the tenant's suspension", func() bool { return c.standing(t, operator) == "suspended" })
	token := c.owned(t)
	enginetest.Eventually(t, cutOffWithin, "the end of the tenant's work", func() bool {
		a := token.Do(t, "POST", "/jobs", `{"title": "Too late"}`)
		return a.Status == 403 && strings.Contains(a.Body, "TENANT_SUSPENDED")
	})
}

// pays sends the provider's word of a payment, twice.
func (c *customer) pays(t *testing.T, i invoice) {
	t.Helper()
	word := fmt.Sprintf(`{"payment": "pay-1", "tenant": %q, "invoice": %q, "amount": {"amount": 4900, "currency": "EUR"}}`, c.tenant, i.ID)
	c.webhook(t, 401, word, "Webhook-Signature", "t=1,v1=00")
	for range 2 {
		c.webhook(t, 204, word, "Webhook-Signature", c.sign(word))
	}
	operator := c.operator(t)
	enginetest.Eventually(t, apptest.HealWithin, "the tenant's return", func() bool { return c.standing(t, operator) == "active" })
	boss := c.owned(t)
	enginetest.Eventually(t, cutOffWithin, "the tenant's work", func() bool { return boss.Do(t, "GET", "/jobs", "").Status == 200 })
	paid := c.invoice(t, "paid")
	if paid.Paid != paid.Total {
		t.Errorf("%+v was paid of %+v", paid.Paid, paid.Total)
	}
	c.owner(t, "the subscription's good standing", func(boss apptest.Caller) bool {
		all := listed[struct {
			Status string
			Unpaid bool
		}](t, boss, "/subscriptions")
		return len(all) == 1 && all[0].Status == "active" && !all[0].Unpaid
	})
	c.signIn(t, member).Must(t, 201, "POST", "/jobs", `{"title": "Back at work"}`)
}

// leaves deletes the tenant, waits until it cannot be restored, and erases it.
func (c *customer) leaves(t *testing.T) {
	t.Helper()
	c.signIn(t, owner).Must(t, 200, "POST", "/tenants/"+c.tenant+"/delete", "")
	c.operator(t).Must(t, 409, "POST", "/tenants/"+c.tenant+"/erase", "")
	c.later(t, 31*day)
	operator := c.operator(t)
	enginetest.Eventually(t, apptest.HealWithin, "the tenant's deletion", func() bool { return c.standing(t, operator) == "deleted" })
	a := c.nobody().Do(t, "POST", "/sign-in", fmt.Sprintf(`{"email": %q, "password": %q, "tenant": %q}`, owner, password, c.tenant))
	if a.Status/100 != 4 {
		if a := c.owned(t).Do(t, "GET", "/jobs", ""); a.Status/100 != 4 {
			t.Errorf("the owner of a tenant that is deleted reads jobs: %d %s", a.Status, a.Body)
		}
	}
	erased := operator.Must(t, 200, "POST", "/tenants/"+c.tenant+"/erase", "")
	for _, row := range listed[struct {
		ID   string `json:"tenant_id"`
		Name string
	}](t, operator, "/tenants", "Oksai-Consistency", erased.Seen()) {
		if row.ID == c.tenant && row.Name != "erased" {
			t.Errorf("the erased tenant is listed as %q", row.Name)
		}
	}
	operator.Must(t, 404, "GET", "/tenants/by-slug/acme", "")
}
