package authn

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// Signer issues tokens with one Ed25519 key.
type Signer struct {
	private, public jwk.Key
	kid             string
}

// NewSigner names the key by its thumbprint (RFC 7638).
func NewSigner(key ed25519.PrivateKey) (*Signer, error) {
	private, err := jwk.Import(key)
	if err != nil {
		return nil, fmt.Errorf("authn: signing key: %w", err)
	}
	if err := jwk.AssignKeyID(private); err != nil {
		return nil, fmt.Errorf("authn: signing key: %w", err)
	}
	public, err := private.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("authn: signing key: %w", err)
	}
	kid, _ := private.KeyID()
	return &Signer{private: private, public: public, kid: kid}, nil
}

// KeyID is the kid of the tokens.
func (s *Signer) KeyID() string { return s.kid }

// JWKS is the key set of the signers' public halves, for Config.JWKS.
func JWKS(signers ...*Signer) ([]byte, error) {
	public := make([]jwk.Key, len(signers))
	for i, s := range signers {
		public[i] = s.public
	}
	jwks, err := json.Marshal(map[string]any{"keys": public})
	if err != nil {
		return nil, fmt.Errorf("authn: key set: %w", err)
	}
	return jwks, nil
}

// Grant is what a token of ours says.
type Grant struct {
	Issuer, Audience  string
	Principal         Principal
	NotBefore, Expiry time.Time
}

// Issue returns a signed token for g.
func (s *Signer) Issue(g Grant) (string, error) {
	b := jwt.NewBuilder().Issuer(g.Issuer).Audience([]string{g.Audience}).Subject(g.Principal.Subject).
		IssuedAt(g.NotBefore).NotBefore(g.NotBefore).Expiration(g.Expiry)
	if len(g.Principal.Roles) > 0 {
		b = b.Claim(rolesClaim, g.Principal.Roles)
	}
	if g.Principal.RolesVersion > 0 {
		b = b.Claim(rolesVersionClaim, g.Principal.RolesVersion)
	}
	if g.Principal.Tenant != uuid.Nil {
		b = b.Claim(tenantClaim, g.Principal.Tenant.String())
	}
	if g.Principal.Session != uuid.Nil {
		b = b.Claim(sessionClaim, g.Principal.Session.String())
	}
	token, err := b.Build()
	if err != nil {
		return "", fmt.Errorf("authn: issue token: %w", err)
	}
	headers := jws.NewHeaders()
	if err := headers.Set(jws.KeyIDKey, s.kid); err != nil {
		return "", fmt.Errorf("authn: issue token: %w", err)
	}
	signed, err := jwt.Sign(token, jwt.WithKey(jwa.EdDSA(), s.private, jws.WithProtectedHeaders(headers)))
	if err != nil {
		return "", fmt.Errorf("authn: issue token: %w", err)
	}
	return string(signed), nil
}
