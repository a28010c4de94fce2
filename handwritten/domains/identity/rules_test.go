package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	rules "github.com/oksai/oksai/handwritten/domains/identity"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/command/giventest"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ann  = uuid.MustParse("01a20851-c471-7034-8925-88b2a51b05b8")
)

type past = []event.Data

// decision is a command that is given to an aggregate S by somebody.
type decision[S any] = func(*S, time.Time) ([]event.Data, error)

// rule is one rule of an aggregate: given what happened, when this is asked for, then that.
type rule[S any] struct {
	name    string
	given   past
	when    decision[S]
	then    past
	refused string
}

func (r rule[S]) test(t *testing.T, of command.Aggregate[S]) {
	t.Run(r.name, func(t *testing.T) {
		t.Parallel()
		result := giventest.Given(of, r.given...).At(noon).When(decided(r.when))
		if r.refused != "" {
			result.Refused(t, r.refused)
			return
		}
		result.Then(t, r.then...)
	})
}

func decided[S any](decide decision[S]) func(*S, time.Time) (command.Decision[S], error) {
	return func(state *S, now time.Time) (command.Decision[S], error) {
		events, err := decide(state, now)
		return command.Decision[S]{Events: events}, err
	}
}

// again demands that what was done is not done twice.
func again[S any](t *testing.T, of command.Aggregate[S], name string, given past, decide decision[S]) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		var first past
		giventest.Given(of, given...).At(noon).When(decided(func(state *S, now time.Time) (events []event.Data, err error) {
			first, err = decide(state, now)
			return first, err
		})).Then(t, first...)
		if len(first) == 0 {
			t.Fatal("the command wrote nothing the first time")
		}
		giventest.Given(of, append(append(past{}, given...), first...)...).At(noon).When(decided(decide)).Unchanged(t)
	})
}

var (
	registered = identity.UserRegistered{Email: "ann@example.com"}
	verified   = identity.EmailVerified{}
	disabled   = identity.UserDisabled{Reason: "left"}
	enabled    = identity.UserEnabled{}
	appointed  = identity.OperatorAppointed{}
	dismissed  = identity.OperatorDismissed{}
)

func TestUsers(t *testing.T) {
	t.Parallel()
	for _, r := range []rule[identity.User]{
		{name: "a user is registered", when: identity.RegisterUser{Email: "ann@example.com"}.Decide, then: past{registered}},
		{name: "an address is confirmed", given: past{registered}, when: identity.VerifyEmail{}.Decide, then: past{verified}},
		{name: "a user is disabled", given: past{registered}, when: identity.DisableUser{Reason: "left"}.Decide, then: past{disabled}},
		{name: "a disabled user stays so, whatever the reason", given: past{registered, disabled}, when: identity.DisableUser{Reason: "again"}.Decide},
		{name: "a disabled user is enabled", given: past{registered, disabled}, when: identity.EnableUser{}.Decide, then: past{enabled}},
		{name: "an active user is enabled already", given: past{registered}, when: identity.EnableUser{}.Decide},
		{name: "an operator is appointed", given: past{registered}, when: identity.AppointOperator{}.Decide, then: past{appointed}},
		{name: "a disabled user is no operator", given: past{registered, disabled}, when: identity.AppointOperator{}.Decide, refused: "USER_DISABLED"},
		{name: "an operator is dismissed", given: past{registered, appointed}, when: identity.DismissOperator{}.Decide, then: past{dismissed}},
		{name: "who is no operator is not dismissed", given: past{registered}, when: identity.DismissOperator{}.Decide},
	} {
		r.test(t, identity.UserAggregate())
	}
}

func TestAUserStartsActive(t *testing.T) {
	t.Parallel()
	state := new(identity.User)
	state.Apply(registered)
	if state.Status != identity.UserStatusActive || state.Verified || state.Operator || state.Email != "ann@example.com" {
		t.Errorf("registered as %+v", state)
	}
	state.Apply(disabled)
	if state.DisabledBecause == nil || *state.DisabledBecause != "left" {
		t.Errorf("disabled as %+v", state)
	}
	if state.Apply(enabled); state.DisabledBecause != nil || state.Status != identity.UserStatusActive {
		t.Errorf("enabled as %+v", state)
	}
}

func added(roles ...string) identity.UserAddedToTenant {
	return identity.UserAddedToTenant{User: ann, Email: "ann@example.com", Roles: roles}
}

var removed = identity.UserRemovedFromTenant{}

func granted(role string) identity.RoleGrantedToUser { return identity.RoleGrantedToUser{Role: role} }
func revoked(role string) identity.RoleRevokedFromUser {
	return identity.RoleRevokedFromUser{Role: role}
}

func add(roles ...string) decision[identity.Member] {
	return func(state *identity.Member, now time.Time) ([]event.Data, error) {
		return identity.AddMember{User: ann, Roles: roles}.Decide(state, identity.AddMemberFacts{Email: "ann@example.com"}, now)
	}
}

func grant(role string, by ...string) decision[identity.Member] {
	return func(state *identity.Member, now time.Time) ([]event.Data, error) {
		return identity.GrantRole{Role: role}.Decide(state, command.Caller{Roles: by}, now)
	}
}

func revoke(role string, by ...string) decision[identity.Member] {
	return func(state *identity.Member, now time.Time) ([]event.Data, error) {
		return identity.RevokeRole{Role: role}.Decide(state, command.Caller{Roles: by}, now)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	many := make([]string, 20)
	for i := range many {
		many[i] = "Role" + strings.Repeat("x", i)
	}
	for _, r := range []rule[identity.Member]{
		{name: "a member is added", when: add("TenantMember"), then: past{added("TenantMember")}},
		{name: "adding again changes nothing, whatever the roles", given: past{added("TenantMember")}, when: add("TenantAdmin")},
		{name: "who was removed is added anew", given: past{added("TenantAdmin"), removed}, when: add("TenantMember"), then: past{added("TenantMember")}},
		{name: "nobody is added as an operator", when: add("PlatformAdmin"), refused: "NOT_A_TENANTS_ROLE"},
		{name: "a member is removed", given: past{added("TenantMember")}, when: identity.RemoveMember{}.Decide, then: past{removed}},
		{name: "an owner is not removed", given: past{added("TenantMember", "TenantOwner")}, when: identity.RemoveMember{}.Decide, refused: "MEMBER_IS_OWNER"},
		{name: "a role is granted", given: past{added("TenantMember")}, when: grant("TenantAdmin", "TenantAdmin"), then: past{granted("TenantAdmin")}},
		{name: "a role of their own is granted", given: past{added("TenantMember")}, when: grant("Auditor", "TenantAdmin"), then: past{granted("Auditor")}},
		{name: "a role is not granted twice", given: past{added("TenantMember")}, when: grant("TenantMember", "TenantAdmin"), refused: "ROLE_ALREADY_GRANTED"},
		{name: "an owner makes another", given: past{added("TenantMember")}, when: grant("TenantOwner", "TenantOwner"), then: past{granted("TenantOwner")}},
		{name: "an operator makes an owner", given: past{added("TenantMember")}, when: grant("TenantOwner", "PlatformAdmin"), then: past{granted("TenantOwner")}},
		{name: "an admin makes no owner", given: past{added("TenantMember")}, when: grant("TenantOwner", "TenantAdmin", "TenantMember"), refused: "ROLE_ESCALATION"},
		{name: "nobody makes an operator of a member", given: past{added("TenantMember")}, when: grant("PlatformAdmin", "PlatformAdmin"), refused: "NOT_A_TENANTS_ROLE"},
		{name: "who was removed is granted nothing", given: past{added("TenantMember"), removed}, when: grant("TenantAdmin", "TenantOwner"), refused: "NOT_A_MEMBER"},
		{name: "there is an end to roles", given: past{added(many...)}, when: grant("OneMore", "TenantOwner"), refused: "TOO_MANY_ROLES"},
		{name: "a role is revoked", given: past{added("TenantMember", "Auditor")}, when: revoke("Auditor", "TenantAdmin"), then: past{revoked("Auditor")}},
		{name: "the last role stays", given: past{added("TenantMember", "Auditor"), revoked("Auditor")}, when: revoke("TenantMember", "TenantOwner"), refused: "LAST_ROLE"},
		{name: "a role that nobody has is not revoked", given: past{added("TenantMember", "Auditor")}, when: revoke("TenantAdmin", "TenantOwner"), refused: "ROLE_NOT_GRANTED"},
		{name: "a revoked role is granted again", given: past{added("TenantMember", "Auditor"), revoked("Auditor")}, when: grant("Auditor", "TenantAdmin"), then: past{granted("Auditor")}},
		{name: "an admin unmakes no owner", given: past{added("TenantMember", "TenantOwner")}, when: revoke("TenantOwner", "TenantAdmin"), refused: "ROLE_ESCALATION"},
		{name: "an owner unmakes another", given: past{added("TenantMember", "TenantOwner")}, when: revoke("TenantOwner", "TenantOwner"), then: past{revoked("TenantOwner")}},
	} {
		r.test(t, identity.MemberAggregate(rules.Rules{}))
	}
}

func invited(roles ...string) identity.UserInvited {
	return identity.UserInvited{Email: "bob@example.com", Roles: roles, ExpiresAt: noon.Add(7 * 24 * time.Hour)}
}

var (
	withdrawn = identity.InvitationRevoked{}
	accepted  = identity.InvitationAccepted{User: ann}
	expired   = identity.InvitationExpired{}
)

func invite(role string, by ...string) decision[identity.Invitation] {
	return func(state *identity.Invitation, now time.Time) ([]event.Data, error) {
		return identity.OpenInvitation{Email: "bob@example.com", Roles: []string{role}}.Decide(state, command.Caller{Roles: by}, now)
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	for _, r := range []rule[identity.Invitation]{
		{name: "somebody is invited for a week", when: invite("TenantMember", "TenantAdmin"), then: past{invited("TenantMember")}},
		{name: "an owner invites an owner", when: invite("TenantOwner", "TenantOwner"), then: past{invited("TenantOwner")}},
		{name: "an admin invites no owner", when: invite("TenantOwner", "TenantAdmin"), refused: "ROLE_ESCALATION"},
		{name: "nobody invites an operator", when: invite("PlatformAdmin", "TenantOwner"), refused: "NOT_A_TENANTS_ROLE"},
		{name: "an invitation is withdrawn", given: past{invited("TenantMember")}, when: identity.RevokeInvitation{}.Decide, then: past{withdrawn}},
		{name: "one that was accepted is not", given: past{invited("TenantMember"), accepted}, when: identity.RevokeInvitation{}.Decide, refused: "INVITATION_OVER"},
		{name: "an invitation is accepted", given: past{invited("TenantMember")}, when: identity.AcceptInvitation{User: ann}.Decide, then: past{accepted}},
		{name: "one that was withdrawn is not", given: past{invited("TenantMember"), withdrawn}, when: identity.AcceptInvitation{User: ann}.Decide, refused: "INVITATION_OVER"},
		{name: "one that has expired is not", given: past{invited("TenantMember"), expired}, when: identity.AcceptInvitation{User: ann}.Decide, refused: "INVITATION_OVER"},
		{name: "an invitation expires", given: past{invited("TenantMember")}, when: identity.ExpireInvitation{}.Decide, then: past{expired}},
		{name: "one that was accepted does not", given: past{invited("TenantMember"), accepted}, when: identity.ExpireInvitation{}.Decide},
	} {
		r.test(t, identity.InvitationAggregate())
	}
}

// TestTheSameCommandAgainWritesNothing holds for all that is idempotent; granting
// and revoking are not, by their rules.
func TestTheSameCommandAgainWritesNothing(t *testing.T) {
	t.Parallel()
	users, members, invitations := identity.UserAggregate(), identity.MemberAggregate(rules.Rules{}), identity.InvitationAggregate()
	again(t, users, "verify", past{registered}, identity.VerifyEmail{}.Decide)
	again(t, users, "disable", past{registered}, identity.DisableUser{Reason: "left"}.Decide)
	again(t, users, "enable", past{registered, disabled}, identity.EnableUser{}.Decide)
	again(t, users, "appoint", past{registered}, identity.AppointOperator{}.Decide)
	again(t, users, "dismiss", past{registered, appointed}, identity.DismissOperator{}.Decide)
	again(t, members, "add", nil, add("TenantMember"))
	again(t, members, "add anew", past{added("TenantMember"), removed}, add("TenantMember"))
	again(t, members, "remove", past{added("TenantMember")}, identity.RemoveMember{}.Decide)
	again(t, invitations, "withdraw", past{invited("TenantMember")}, identity.RevokeInvitation{}.Decide)
	again(t, invitations, "accept", past{invited("TenantMember")}, identity.AcceptInvitation{User: ann}.Decide)
	again(t, invitations, "expire", past{invited("TenantMember")}, identity.ExpireInvitation{}.Decide)
}

func TestForms(t *testing.T) {
	t.Parallel()
	for role, good := range map[string]bool{
		"TenantMember": true, "Ab": true, "A": false, "tenantMember": false, "Tenant Member": false, "Role1": false, "Róle": false, "": false, "Role\n": false,
		"R" + strings.Repeat("o", 64): false,
	} {
		cmd := identity.GrantRole{Role: role}
		if err := cmd.Validate(); (err == nil) != good {
			t.Errorf("role %q: %v", role, err)
		}
	}
	for address, stored := range map[string]string{
		" Ann@Example.COM ": "ann@example.com", "ann+tag@example.com": "ann+tag@example.com", "ann": "", "@example.com": "", "a@b@c": "", "": "",
		"Ann <ann@example.com>": "", "ann@example.com\nbcc: eve@example.com": "",
	} {
		cmd := identity.RegisterUser{Email: address}
		cmd.Normalize()
		if err := cmd.Validate(); (err == nil) != (stored != "") || err == nil && cmd.Email != stored {
			t.Errorf("address %q: %q, %v", address, cmd.Email, err)
		}
	}
}
