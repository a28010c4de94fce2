// Package billing holds the rules of the billing module that the spec leaves to people.
package billing

import "github.com/oksai/oksai/gen/billing"

// Rules decides what the spec does not.
type Rules struct{}

var _ billing.Rules = Rules{}
