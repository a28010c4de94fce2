// Package identity holds the rules of the identity module that the spec leaves to
// people. What proves who somebody is has its place in package access.
package identity

import (
	"slices"

	"github.com/oksai/oksai/gen/identity"
)

// Rules decides what the spec does not.
type Rules struct{}

var _ identity.Rules = Rules{}

// ApplyRoleRevokedFromUser takes the role out.
func (Rules) ApplyRoleRevokedFromUser(state *identity.Member, e identity.RoleRevokedFromUser) {
	state.Roles = slices.DeleteFunc(slices.Clone(state.Roles), func(role string) bool { return role == e.Role })
}
