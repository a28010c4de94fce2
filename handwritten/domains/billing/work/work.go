// Package work is what the billing module does that its spec leaves to people.
package work

import (
	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/handwritten/domains/billing/metering"
	"github.com/oksai/oksai/handwritten/domains/billing/payments"
	"github.com/oksai/oksai/handwritten/runtime/service"
)

type work struct {
	*payments.Payments
	metering.Metering
}

// New returns the module's operations.
func New(deps service.Deps, means billing.Means) (billing.Operations, error) {
	return work{payments.New(deps, means), metering.New(deps, means.Repositories)}, nil
}
