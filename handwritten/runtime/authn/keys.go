package authn

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"golang.org/x/sync/singleflight"
)

// maxKeySetBytes bounds what a key server may send.
const maxKeySetBytes = 1 << 20

// errUnknownKey says that no key of the set has the token's key id.
var errUnknownKey = errors.New("no such key id in the key set")

type publicKeys map[string]publicKey

// publicKey is a key with the one algorithm it verifies. A token that names
// another one is refused, whatever its signature.
type publicKey struct {
	alg jwa.SignatureAlgorithm
	key interface{ Equal(crypto.PublicKey) bool }
}

func (k publicKey) equal(other publicKey) bool { return k.alg == other.alg && k.key.Equal(other.key) }

// keyring keeps the current key set. Tokens can make it fetch, but no more
// often than once per RefetchEvery: an attacker sends a new key id each time.
type keyring struct {
	cfg   Config
	fetch func(context.Context) (publicKeys, error)
	group singleflight.Group

	mu        sync.Mutex
	keys      publicKeys
	fetched   time.Time // last success
	attempted time.Time
	failure   error // of the last attempt
}

func newKeyring(cfg Config) (*keyring, error) {
	k := &keyring{cfg: cfg}
	switch {
	case cfg.discover:
		k.fetch = k.discover
		return k, nil
	case cfg.JWKSURL != "":
		k.fetch = k.fetchURL
		return k, nil // the key server may start later than we do
	case cfg.JWKSFile != "":
		k.fetch = k.readFile
	case cfg.KeySet != nil:
		k.fetch = k.ask
	default:
		k.fetch = func(context.Context) (publicKeys, error) { return k.parse(cfg.JWKS) }
	}
	if err := k.refresh(context.Background()); err != nil {
		return nil, err
	}
	return k, nil
}

// key returns the key named kid, errUnknownKey, or the reason why no set could be had.
func (k *keyring) key(ctx context.Context, kid string) (publicKey, error) {
	key, found, stale := k.lookup(kid)
	if found && !stale {
		return key, nil
	}
	if err := k.refresh(ctx); err != nil && !found {
		return publicKey{}, err
	}
	if key, found, _ = k.lookup(kid); !found {
		return publicKey{}, errUnknownKey
	}
	return key, nil
}

func (k *keyring) lookup(kid string) (key publicKey, found, stale bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, found = k.keys[kid]
	return key, found, k.cfg.Clock().Sub(k.fetched) > k.cfg.MaxAge
}

// refresh fetches the set unless that was tried moments ago. It fails only where there is no set at all.
func (k *keyring) refresh(ctx context.Context) error {
	_, err, _ := k.group.Do("", func() (any, error) {
		if !k.startAttempt() {
			return nil, k.outcome()
		}
		// One caller fetches for all who wait, so its cancellation must not fail them.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		keys, err := k.fetch(ctx)
		k.finishAttempt(keys, err)
		return nil, k.outcome()
	})
	return err
}

func (k *keyring) startAttempt() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.cfg.Clock()
	if !k.attempted.IsZero() && now.Sub(k.attempted) < k.cfg.RefetchEvery {
		return false
	}
	k.attempted = now
	return true
}

func (k *keyring) finishAttempt(keys publicKeys, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failure = err
	if err == nil {
		k.keys, k.fetched = keys, k.cfg.Clock()
	}
}

func (k *keyring) outcome() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		return k.failure
	}
	return nil
}

func (k *keyring) fetchURL(ctx context.Context) (publicKeys, error) {
	raw, err := k.get(ctx, k.cfg.JWKSURL)
	if err != nil {
		return nil, fmt.Errorf("authn: fetch key set: %w", err)
	}
	return k.parse(raw)
}

func (k *keyring) get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := k.cfg.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s: check the address", url, resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxKeySetBytes))
}

func (k *keyring) readFile(context.Context) (publicKeys, error) {
	raw, err := os.ReadFile(k.cfg.JWKSFile)
	if err != nil {
		return nil, fmt.Errorf("authn: read key set: %w", err)
	}
	return k.parse(raw)
}

func (k *keyring) ask(ctx context.Context) (publicKeys, error) {
	raw, err := k.cfg.KeySet(ctx)
	if err != nil {
		return nil, fmt.Errorf("authn: ask for the key set: %w", err)
	}
	return k.parse(raw)
}

// parse keeps the public keys that have an id and verify signatures by an
// accepted algorithm. Others are left out rather than refused, also those that
// are no keys at all: a key server may serve clients with other needs too.
func (k *keyring) parse(raw []byte) (publicKeys, error) {
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fmt.Errorf("authn: parse key set: %w", err)
	}
	keys := publicKeys{}
	for _, raw := range set.Keys {
		key, err := jwk.ParseKey(raw)
		if err != nil {
			continue
		}
		kid, _ := key.KeyID()
		if public, ok := usable(key); ok && kid != "" && k.cfg.accepts(public.alg.String()) {
			keys[kid] = public
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("authn: parse key set: it holds no public key with a kid for %s", strings.Join(k.cfg.algorithms, ", "))
	}
	return keys, nil
}

// usable says by which algorithm a key verifies, if it does by one of ours. What
// the key set says of it (alg, use) may only agree. RSA keys of less than 2048
// bits did not parse.
func usable(key jwk.Key) (publicKey, bool) {
	var public any
	if err := jwk.Export(key, &public); err != nil {
		return publicKey{}, false
	}
	var k publicKey
	switch public := public.(type) {
	case ed25519.PublicKey:
		k = publicKey{jwa.EdDSA(), public}
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return publicKey{}, false
		}
		k = publicKey{jwa.ES256(), public}
	case *rsa.PublicKey:
		k = publicKey{jwa.RS256(), public}
	default:
		return publicKey{}, false
	}
	alg, stated := key.Algorithm()
	use, used := key.KeyUsage()
	return k, (!stated || alg.String() == k.alg.String()) && (!used || use == jwk.ForSignature.String())
}
