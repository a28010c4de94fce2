package query

import "github.com/google/uuid"

// Scope says whose rows a query may see. Its zero value sees none: the query is refused.
type Scope struct {
	tenant   uuid.UUID
	platform bool
}

// Tenant is the scope of one tenant's rows.
func Tenant(id uuid.UUID) Scope { return Scope{tenant: id} }

// Platform is the scope of all tenants' rows, for platform administrators only.
func Platform() Scope { return Scope{platform: true} }

func (s Scope) valid() bool { return s.platform || s.tenant != uuid.Nil }
