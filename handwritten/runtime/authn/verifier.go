package authn

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

const (
	// MaxTokenBytes bounds a token before anything of it is decoded.
	MaxTokenBytes = 8 << 10

	maxRoles          = 64
	maxNameBytes      = 256
	tenantClaim       = "tenant"
	rolesClaim        = "roles"
	rolesVersionClaim = "roles_version"
	sessionClaim      = "sid"
	signInAgain       = "the bearer token is not valid here; sign in again"
	expiredTryAgain   = "the bearer token has expired; sign in again"
)

// provenTokens is how many tokens are remembered, a few megabytes at most.
const provenTokens = 2048

// Verifier checks bearer tokens: JWTs signed with EdDSA by a key of the configured set.
type Verifier struct {
	cfg    Config
	keys   *keyring
	proven *lru.Cache[[sha256.Size]byte, proven]
}

// proven is what a token's signature has proved. Computing it takes longer than
// all else that a request needs before its command, and a client sends the same
// token with each. Whether the key is still trusted and the time is right is
// asked anew each time.
type proven struct {
	kid       string
	key       publicKey
	claims    jwt.Token
	principal Principal
}

// NewVerifier lists everything that is wrong with cfg. A key set in a file or
// in memory is parsed at once; one behind a URL when it is first needed.
func NewVerifier(cfg Config) (*Verifier, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	keys, err := newKeyring(cfg)
	if err != nil {
		return nil, err
	}
	remembered, err := lru.New[[sha256.Size]byte, proven](provenTokens)
	return &Verifier{cfg: cfg, keys: keys, proven: remembered}, err
}

// Verify returns the principal that token names. Its errors are *problem.Error:
// 401 for a token that proves nothing, 503 where the key server cannot be reached.
func (v *Verifier) Verify(ctx context.Context, token string) (Principal, error) {
	name := sha256.Sum256([]byte(token))
	known, found := v.proven.Get(name)
	if !found {
		kid, err := v.keyID(token)
		if err != nil {
			return Principal{}, unauthorized(err)
		}
		known.kid = kid
	}
	key, err := v.keys.key(ctx, known.kid)
	if errors.Is(err, errUnknownKey) {
		return Principal{}, unauthorized(err)
	}
	if err != nil {
		return Principal{}, problem.Unavailable("the keys that verify tokens cannot be loaded; retry shortly").Because(err)
	}
	if !found || !key.equal(known.key) {
		if known, err = v.prove(token, known.kid, key); err != nil {
			return Principal{}, unauthorized(err)
		}
	}
	if err := v.validate(known.claims); err != nil {
		return Principal{}, err
	}
	v.proven.Add(name, known)
	return known.principal, nil
}

// prove checks the signature. The algorithm is the key's: the token's header
// has no say in it.
func (v *Verifier) prove(token, kid string, key publicKey) (proven, error) {
	claims, err := jwt.Parse([]byte(token), jwt.WithKey(key.alg, key.key), jwt.WithValidate(false))
	if err != nil {
		return proven{}, err
	}
	p, err := v.cfg.principal(claims)
	return proven{kid, key, claims, p}, err
}

func (v *Verifier) validate(claims jwt.Token) error {
	err := jwt.Validate(claims,
		jwt.WithIssuer(v.cfg.Issuer), jwt.WithAudience(v.cfg.Audience),
		jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(jwt.SubjectKey),
		jwt.WithClock(jwt.ClockFunc(v.cfg.Clock)), jwt.WithAcceptableSkew(v.cfg.Skew))
	if errors.Is(err, jwt.TokenExpiredError()) {
		return problem.Unauthorized(expiredTryAgain).Because(err)
	}
	if err != nil {
		return unauthorized(err)
	}
	return nil
}

func unauthorized(cause error) error { return problem.Unauthorized(signInAgain).Because(cause) }

// keyID reads the key id from the header of a compact JWS, and refuses what no
// honest issuer sends before any signature is computed. Where to find a key
// (jku, x5u, jwk, x5c) is not read at all: the token cannot name its own judge.
func (v *Verifier) keyID(token string) (string, error) {
	raw, err := decode(token)
	if err != nil {
		return "", err
	}
	if err := strict(raw); err != nil {
		return "", err
	}
	var header struct {
		Alg, Kid string
		Crit     []string
		B64      *bool
	}
	if err := json.Unmarshal(raw[0], &header); err != nil {
		return "", fmt.Errorf("the token's header: %w", err)
	}
	switch {
	case !v.cfg.accepts(header.Alg):
		return "", fmt.Errorf("the token's alg is not %s", strings.Join(v.cfg.algorithms, " or "))
	case header.Crit != nil || header.B64 != nil:
		return "", errors.New("the token's header has extensions (crit, b64)")
	case !isName(header.Kid):
		return "", errors.New("the token's header has no usable kid")
	}
	return header.Kid, nil
}

// decode returns the three parts of a compact JWS.
func decode(token string) (raw [3][]byte, err error) {
	if len(token) > MaxTokenBytes {
		return raw, fmt.Errorf("the token has %d bytes, more than %d", len(token), MaxTokenBytes)
	}
	if strings.ContainsAny(token, "\r\n") { // which the base64 decoder would skip
		return raw, errors.New("the token has line breaks")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return raw, fmt.Errorf("the token has %d parts, not the 3 of a compact JWS", len(parts))
	}
	for i, part := range parts {
		// Strict: otherwise many texts are the same token.
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || len(raw[i]) == 0 {
			return raw, fmt.Errorf("part %d of the token is not base64url", i+1)
		}
	}
	return raw, nil
}

func principal(claims jwt.Token) (p Principal, err error) {
	if p.Subject, err = subjectOf(claims); err != nil {
		return Principal{}, err
	}
	if p.Tenant, err = idOf(claims, tenantClaim); err != nil {
		return Principal{}, err
	}
	if p.Session, err = idOf(claims, sessionClaim); err != nil {
		return Principal{}, err
	}
	if p.Roles, err = rolesOf(claims); err != nil {
		return Principal{}, err
	}
	if p.RolesVersion, err = rolesVersionOf(claims); err != nil {
		return Principal{}, err
	}
	return p, nil
}

func subjectOf(claims jwt.Token) (string, error) {
	subject, _ := claims.Subject()
	if !isName(subject) {
		return "", errors.New("the token's sub is empty, too long or has control characters")
	}
	return subject, nil
}

// idOf returns zero where the claim is absent. A claim that is there must be a
// canonical, non-zero id: an issuer's mistake must not turn a tenant's user into
// a principal of the platform, or a session's token into one that outlives it.
func idOf(claims jwt.Token, name string) (uuid.UUID, error) {
	if !claims.Has(name) {
		return uuid.Nil, nil
	}
	var text string
	if err := claims.Get(name, &text); err != nil {
		return uuid.Nil, fmt.Errorf("the token's %s claim: %w", name, err)
	}
	id, err := uuid.Parse(text)
	if err != nil || id == uuid.Nil || id.String() != text {
		return uuid.Nil, fmt.Errorf("the token's %s claim is not an id", name)
	}
	return id, nil
}

func rolesOf(claims jwt.Token) ([]string, error) {
	if !claims.Has(rolesClaim) {
		return nil, nil
	}
	var list []any
	if err := claims.Get(rolesClaim, &list); err != nil {
		return nil, fmt.Errorf("the token's %s claim: %w", rolesClaim, err)
	}
	return names(list)
}

// maxVersion is the greatest whole number up to which JSON's are exact.
const maxVersion = 1 << 53

func rolesVersionOf(claims jwt.Token) (int64, error) {
	if !claims.Has(rolesVersionClaim) {
		return 0, nil
	}
	var version float64
	if err := claims.Get(rolesVersionClaim, &version); err != nil {
		return 0, fmt.Errorf("the token's %s claim: %w", rolesVersionClaim, err)
	}
	if version < 0 || version > maxVersion || version != math.Trunc(version) {
		return 0, fmt.Errorf("the token's %s claim is not a version", rolesVersionClaim)
	}
	return int64(version), nil
}

// names reads a list of roles' names.
func names(list []any) ([]string, error) {
	if len(list) > maxRoles {
		return nil, fmt.Errorf("the token has %d roles, more than %d", len(list), maxRoles)
	}
	roles := make([]string, 0, len(list))
	for _, entry := range list {
		role, ok := entry.(string)
		if !ok || !isName(role) {
			return nil, errors.New("the token's roles have an entry that is not a role's name")
		}
		roles = append(roles, role)
	}
	return roles, nil
}
