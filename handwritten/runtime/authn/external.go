package authn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// External is an OpenID Connect issuer whose tokens are accepted beside our own.
// It says who somebody is; what that means here is said by this configuration alone.
type External struct {
	// Name begins the subjects, as in "corporate:ann", so that an issuer can
	// name nobody but its own people.
	Name string `json:"name"`
	// Issuer and Audience must equal the iss claim and be among the aud claim.
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	// JWKSURL holds its keys; by default what its discovery document names.
	JWKSURL string `json:"jwks_url,omitempty"`
	// Tenant is the only one that its people work for; zero to let TenantClaim choose.
	Tenant uuid.UUID `json:"tenant,omitzero"`
	// TenantClaim names the claim with the tenant's id, for an issuer that is
	// trusted with every tenant.
	TenantClaim string `json:"tenant_claim,omitempty"`
	// RolesClaim names the claim with a list of roles; dots lead into objects, as in "realm_access.roles".
	RolesClaim string `json:"roles_claim"`
	// Roles translates its roles into ours. Those that are not here count for nothing.
	Roles map[string]string `json:"roles"`
	// Client and Clock are as in Config.
	Client *http.Client     `json:"-"`
	Clock  func() time.Time `json:"-"`
}

// NewExternal returns a verifier of the issuer's tokens, or lists everything
// that is wrong with e. The issuer is asked for its keys when they are first needed.
func NewExternal(e External) (*Verifier, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	return NewVerifier(Config{
		Issuer: e.Issuer, Audience: e.Audience, JWKSURL: e.JWKSURL, Client: e.Client, Clock: e.Clock,
		discover: e.JWKSURL == "", principal: e.principal,
		algorithms: []string{jwa.RS256().String(), jwa.ES256().String(), jwa.EdDSA().String()},
	})
}

func (e External) validate() error {
	var errs []error
	refuse := func(wrong bool, text string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("authn: external issuer %q: "+text, append([]any{e.Name}, args...)...))
		}
	}
	refuse(e.Name == "" || strings.ContainsAny(e.Name, ": "), "Name must be a word without colons: it begins the subjects")
	refuse((e.Tenant == uuid.Nil) == (e.TenantClaim == ""), "set exactly one of Tenant and TenantClaim")
	refuse(e.RolesClaim == "" || len(e.Roles) == 0, "set RolesClaim, and translate at least one role in Roles")
	for _, address := range []string{e.Issuer, e.JWKSURL} {
		refuse(address != "" && !trustworthy(address), "%s must be https", address)
	}
	return errors.Join(errs...)
}

// trustworthy tells whether nobody on the way can replace an answer.
func trustworthy(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback()
}

func (e External) principal(claims jwt.Token) (Principal, error) {
	subject, err := subjectOf(claims)
	if err != nil {
		return Principal{}, err
	}
	tenant := e.Tenant
	if e.TenantClaim != "" {
		if tenant, err = idOf(claims, e.TenantClaim); err != nil {
			return Principal{}, err
		}
		if tenant == uuid.Nil { // which would be a principal of the platform
			return Principal{}, fmt.Errorf("the token has no claim %s with a tenant's id", e.TenantClaim)
		}
	}
	roles, err := e.roles(claims)
	if err != nil {
		return Principal{}, err
	}
	return Principal{Subject: e.Name + ":" + subject, Tenant: tenant, Roles: roles}, nil
}

func (e External) roles(claims jwt.Token) ([]string, error) {
	list, err := names(listAt(claims, e.RolesClaim))
	if err != nil {
		return nil, err
	}
	var roles []string
	for _, theirs := range list {
		if ours, ok := e.Roles[theirs]; ok {
			roles = append(roles, ours)
		}
	}
	return roles, nil
}

// listAt follows a path into claims; nothing where it leads nowhere, because
// a token without roles is a token without rights, and no mistake.
func listAt(claims jwt.Token, path string) []any {
	head, rest, nested := strings.Cut(path, ".")
	var value any
	if err := claims.Get(head, &value); err != nil {
		return nil
	}
	for nested {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		head, rest, nested = strings.Cut(rest, ".")
		value = object[head]
	}
	list, _ := value.([]any)
	return list
}

// discover finds the key set by OpenID Connect Discovery 1.0. Both documents are
// fetched each time: an issuer may move its keys.
func (k *keyring) discover(ctx context.Context) (publicKeys, error) {
	raw, err := k.get(ctx, strings.TrimSuffix(k.cfg.Issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, fmt.Errorf("authn: discover the issuer's keys: %w", err)
	}
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("authn: discover the issuer's keys: %w", err)
	}
	if document.Issuer != k.cfg.Issuer {
		return nil, fmt.Errorf("authn: discover the issuer's keys: the document of %s is about %.100q: configure the name that the issuer gives itself", k.cfg.Issuer, document.Issuer)
	}
	if !trustworthy(document.JWKSURI) {
		return nil, fmt.Errorf("authn: discover the issuer's keys: jwks_uri %.100q is not https", document.JWKSURI)
	}
	if raw, err = k.get(ctx, document.JWKSURI); err != nil {
		return nil, fmt.Errorf("authn: fetch the issuer's keys: %w", err)
	}
	return k.parse(raw)
}
