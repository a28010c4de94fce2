package main

import (
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/apps/platformadmin"
	"github.com/oksai/oksai/handwritten/apps/internal/billed"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/isolation/isolationtest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const onlyThere = "operators cannot invite, so there are none: tried in platform-api"

// TestNoTenantReachesAnother tries everything that the specs let anybody call.
func TestNoTenantReachesAnother(t *testing.T) {
	isolationtest.Prove(t, isolationtest.Serve(t, newApp()), isolationtest.Proof{
		Surface: platformadmin.Surface(),
		Prepare: func(t testing.TB, r *isolationtest.Running, tenant uuid.UUID) {
			r.Operate(t, "POST", "/tenants/"+tenant.String()+"/change-plan", `{"plan": "enterprise"}`)
			billed.Draft(t, r.Engines.PostgresURL, tenant)
		},
		Except: map[string]string{"RevokeInvitation": onlyThere, "GetInvitation": onlyThere},
	})
}
