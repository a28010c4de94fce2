// Package access is what the identity module does that its spec leaves to people:
// it binds sign-in to the module's users, members and invitations.
package access

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/mail"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/signin/session"
)

// The roles that mean something here.
const (
	tenantOwner   = "TenantOwner"
	platformAdmin = authn.PlatformRole
)

// Access implements the module's operations.
type Access struct {
	directory
	means    identity.Means
	signIn   *signin.Service
	sessions *session.Store
	mail     mail.Mailer
	guard    httpx.Guard
	trail    *audit.Store
	cursors  *httpx.Cursors
	clock    func() time.Time
}

var _ identity.Operations = (*Access)(nil)

// New returns the operations, and ties sign-in to what happens to users and members.
func New(deps service.Deps, means identity.Means) (identity.Operations, error) {
	a := &Access{
		directory: directory{means.Repositories, deps.Store.Reader(), deps.FirstOperators},
		means:     means, signIn: deps.SignIn, mail: deps.Mail, guard: deps.Guard,
		trail: deps.Audit, cursors: deps.Cursors, clock: deps.Clock,
	}
	a.sessions = deps.SignIn.Sessions.With(a.directory)
	k := keeper{deps.SignIn, a.sessions}
	means.Repositories.Users.Keep(k.users)
	means.Repositories.Members.Keep(k.members)
	return a, nil
}

// run runs a command on an aggregate that is there.
func run[S, C any](ctx context.Context, at *command.Repository[S], id uuid.UUID, prepare command.Prepare[S, C], caller command.Caller, cmd C) error {
	_, err := command.Do(ctx, at, command.Request[S]{ID: id, Metadata: httpx.Metadata(ctx)}, prepare, caller, cmd)
	return err
}

// itself is a user who acts on their own account without being signed in.
func itself(user, tenant uuid.UUID) command.Caller {
	return command.Caller{Tenant: tenant, Subject: user.String(), User: &user}
}

func sessionOf(ctx context.Context) uuid.UUID {
	p, _ := authn.From(ctx)
	return p.Session
}

// networkBits is what of an IPv6 address one client has for itself.
const networkBits = 64

// source tells where a request comes from. Who has a network of addresses is one source.
func source(ctx context.Context) string {
	address := httpx.Address(ctx)
	if !address.Is6() {
		return address.String()
	}
	return netip.PrefixFrom(address.WithZone(""), networkBits).Masked().String()
}

// some is an id where there is one.
func some(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
