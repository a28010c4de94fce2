package main

import (
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/apps/platformapi"
	"github.com/oksai/oksai/handwritten/apps/internal/billed"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/isolation/isolationtest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// TestNoTenantReachesAnother tries everything that the specs let anybody call.
func TestNoTenantReachesAnother(t *testing.T) {
	isolationtest.Prove(t, isolationtest.Serve(t, newApp()), isolationtest.Proof{
		Surface: platformapi.Surface(),
		Prepare: func(t testing.TB, r *isolationtest.Running, tenant uuid.UUID) {
			r.Operate(t, "POST", "/tenants/"+tenant.String()+"/change-plan", `{"plan": "enterprise"}`)
			billed.Draft(t, r.Engines.PostgresURL, tenant)
		},
	})
}
