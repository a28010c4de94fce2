package main

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/oksai/oksai/gen/apps/demoapi"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/isolation/isolationtest"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
)

// TestNoTenantReachesAnother tries everything that the specs let anybody call.
func TestNoTenantReachesAnother(t *testing.T) {
	isolationtest.Prove(t, isolationtest.Serve(t, newApp()), isolationtest.Proof{
		Surface: demoapi.Surface(),
		Prepare: func(t testing.TB, r *isolationtest.Running, tenant uuid.UUID) { // plans limit how much may be tried
			r.Operate(t, "POST", "/tenants/"+tenant.String()+"/change-plan", `{"plan": "enterprise"}`)
		},
	})
}

// TestTheProofSeesLeaks has the proof judge an app that is not tight.
func TestTheProofSeesLeaks(t *testing.T) {
	r := isolationtest.Serve(t, forgetful(newApp()))
	proof := isolationtest.Proof{Surface: demoapi.Surface(), Prepare: damage}
	found := strings.Join(proof.Run(t, r).Leaks, "\n")
	for _, leak := range []string{
		"GET /jobs as TenantMember changes when another tenant gets data",
		"GET /jobs?search as TenantOwner differs for what another tenant has",
		"GET /jobs?sort as TenantAdmin shows another tenant's canary",
		"GET /job-overview as TenantMember changes when another tenant gets data",
		"table oksai.events has policies for oksai_writer",
		"table oksai.snapshots has no row-level security",
		"table leaky.notes has no column tenant_id",
		"table leaky.notes has the canary in rows of no tenant at all",
		`Redis' key "status" carries no tenant`,
	} {
		if !strings.Contains(found, leak) {
			t.Errorf("the proof does not say: %s", leak)
		}
	}
	if t.Failed() {
		t.Logf("what it says:\n%s", found)
	}
}

// forgetful is an app whose queries forget to ask ClickHouse for one tenant only.
func forgetful(app service.App) service.App {
	assemble := app.Assemble
	app.Assemble = func(deps service.Deps, given service.Secrets, guard func(tenancy.Directory) httpx.Guard) ([]*service.Module, error) {
		deps.ClickHouse = anyTenant{deps.ClickHouse}
		return assemble(deps, given, guard)
	}
	return app
}

type anyTenant struct{ driver.Conn }

var ofTenant = regexp.MustCompile(`tenant_id = (\{\w+:UUID\})`)

// Query implements driver.Conn.
func (c anyTenant) Query(ctx context.Context, sql string, args ...any) (driver.Rows, error) {
	return c.Conn.Query(ctx, ofTenant.ReplaceAllString(sql, "$1 = $1"), args...)
}

// damage opens what keeps tenants apart in PostgreSQL, and puts things where no tenant is said.
func damage(t testing.TB, r *isolationtest.Running, tenant uuid.UUID) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.Engines.PostgresURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `
ALTER POLICY writer ON oksai.events USING (true);
ALTER TABLE oksai.snapshots NO FORCE ROW LEVEL SECURITY;
CREATE SCHEMA IF NOT EXISTS leaky;
CREATE TABLE IF NOT EXISTS leaky.notes (text text);
INSERT INTO leaky.notes SELECT payload->>'name' FROM oksai.events WHERE tenant_id = '`+tenant.String()+`'`); err != nil {
		t.Fatal(err)
	}
	options, err := redis.ParseURL(r.Engines.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.Set(t.Context(), "status", tenant.String(), 0).Err(); err != nil {
		t.Fatal(err)
	}
}
