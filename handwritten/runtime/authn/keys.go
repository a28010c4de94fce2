package authn

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"golang.org/x/sync/singleflight"
)

// maxKeySetBytes bounds what a key server may send.
const maxKeySetBytes = 1 << 20

// errUnknownKey says that no key of the set has the token's key id.
var errUnknownKey = errors.New("no such key id in the key set")

type publicKeys map[string]ed25519.PublicKey

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
	case cfg.JWKSURL != "":
		k.fetch = k.fetchURL
		return k, nil // the key server may start later than we do
	case cfg.JWKSFile != "":
		k.fetch = k.readFile
	default:
		k.fetch = func(context.Context) (publicKeys, error) { return parseKeys(cfg.JWKS) }
	}
	if err := k.refresh(context.Background()); err != nil {
		return nil, err
	}
	return k, nil
}

// key returns the key named kid, errUnknownKey, or the reason why no set could be had.
func (k *keyring) key(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	key, stale := k.lookup(kid)
	if key != nil && !stale {
		return key, nil
	}
	if err := k.refresh(ctx); err != nil && key == nil {
		return nil, err
	}
	key, _ = k.lookup(kid)
	if key == nil {
		return nil, errUnknownKey
	}
	return key, nil
}

func (k *keyring) lookup(kid string) (key ed25519.PublicKey, stale bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[kid], k.cfg.Clock().Sub(k.fetched) > k.cfg.MaxAge
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
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.cfg.JWKSURL, nil)
	if err != nil {
		return nil, fmt.Errorf("authn: fetch key set: %w", err)
	}
	resp, err := k.cfg.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("authn: fetch key set: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("authn: fetch key set: %s answered %s: check JWKSURL", k.cfg.JWKSURL, resp.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySetBytes))
	if err != nil {
		return nil, fmt.Errorf("authn: fetch key set: %w", err)
	}
	return parseKeys(raw)
}

func (k *keyring) readFile(context.Context) (publicKeys, error) {
	raw, err := os.ReadFile(k.cfg.JWKSFile)
	if err != nil {
		return nil, fmt.Errorf("authn: read key set: %w", err)
	}
	return parseKeys(raw)
}

// parseKeys keeps the public Ed25519 keys that have an id. Others are left out
// rather than refused: a key server may serve clients with other needs too.
func parseKeys(raw []byte) (publicKeys, error) {
	set, err := jwk.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("authn: parse key set: %w", err)
	}
	keys := publicKeys{}
	for i := range set.Len() {
		key, _ := set.Key(i)
		kid, ok := key.KeyID()
		if !ok || kid == "" {
			continue
		}
		var public ed25519.PublicKey
		if err := jwk.Export(key, &public); err == nil {
			keys[kid] = public
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("authn: parse key set: it holds no public Ed25519 key (kty OKP, crv Ed25519) with a kid")
	}
	return keys, nil
}
