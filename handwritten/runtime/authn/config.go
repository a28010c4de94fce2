package authn

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// Config says whose tokens are accepted. Exactly one of JWKSURL, JWKSFile, JWKS and KeySet is set.
type Config struct {
	// Issuer and Audience must equal the iss claim and be among the aud claim.
	Issuer, Audience string
	// JWKSURL is fetched when first needed, when an unknown key id appears, and every MaxAge.
	JWKSURL string
	// JWKSFile is read as JWKSURL is fetched, so that keys can be rotated without a restart.
	JWKSFile string
	// JWKS is a key set that never changes.
	JWKS []byte
	// KeySet is asked as JWKSURL is fetched: for keys that this process has itself.
	KeySet func(context.Context) ([]byte, error)
	// Skew is how far clocks may differ; default 30 s.
	Skew time.Duration
	// RefetchEvery is the shortest time between two fetches, whatever tokens ask for; default 30 s.
	RefetchEvery time.Duration
	// MaxAge is how long a fetched set is trusted before it is fetched again; default 10 min.
	MaxAge time.Duration
	// Client fetches JWKSURL; default one with a 5 s time-out.
	Client *http.Client
	// Clock tells the time; default time.Now.
	Clock func() time.Time

	// What differs for an external issuer (see external.go).
	discover   bool
	algorithms []string
	principal  func(jwt.Token) (Principal, error)
}

const fetchTimeout = 5 * time.Second

func (c Config) withDefaults() Config {
	c.Skew = cmp.Or(c.Skew, 30*time.Second)
	c.RefetchEvery = cmp.Or(c.RefetchEvery, 30*time.Second)
	c.MaxAge = cmp.Or(c.MaxAge, 10*time.Minute)
	if c.Client == nil {
		c.Client = &http.Client{Timeout: fetchTimeout}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.algorithms == nil {
		c.algorithms = []string{jwa.EdDSA().String()}
	}
	if c.principal == nil {
		c.principal = principal
	}
	return c
}

func (c Config) accepts(algorithm string) bool { return slices.Contains(c.algorithms, algorithm) }

func (c Config) validate() error {
	var errs []error
	if c.Issuer == "" {
		errs = append(errs, errors.New("authn: Issuer is empty: set it to the iss claim of the tokens to accept"))
	}
	if c.Audience == "" {
		errs = append(errs, errors.New("authn: Audience is empty: set it to this API's name in the tokens' aud claim"))
	}
	sources := 0
	for _, set := range []bool{c.JWKSURL != "" || c.discover, c.JWKSFile != "", len(c.JWKS) > 0, c.KeySet != nil} {
		if set {
			sources++
		}
	}
	if sources != 1 {
		errs = append(errs, errors.New("authn: set exactly one of JWKSURL, JWKSFile, JWKS and KeySet"))
	}
	return errors.Join(errs...)
}
