package authn_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type object = map[string]any

// forger makes tokens by hand, so that it can make wrong ones.
type forger struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
}

func newForger(t *testing.T) forger {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return forger{private, public}
}

func (f forger) jwk() object {
	return object{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": b64(f.public)}
}

func (f forger) jwks(t *testing.T) []byte { return mustJSON(t, object{"keys": []object{f.jwk()}}) }

func (f forger) sign(t *testing.T, header, claims any) string {
	t.Helper()
	input := b64(mustJSON(t, header)) + "." + b64(mustJSON(t, claims))
	return input + "." + b64(ed25519.Sign(f.private, []byte(input)))
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	if raw, ok := v.(string); ok {
		return []byte(raw)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// with returns a copy of base with pairs set; a nil value deletes.
func with(base object, pairs ...any) object {
	out := maps.Clone(base)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(out, pairs[i].(string))
			continue
		}
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// hostile are tokens that prove nothing, by what is wrong with them, beside one that is good.
type hostile struct {
	jwks   []byte
	good   string
	tokens map[string]string
	// asked counts the requests to a key server that tokens name themselves.
	asked *atomic.Int32
}

// cuckoo is in what hostile tokens say, and must not get into a log.
const cuckoo = "cuckoo"

func newHostile(t *testing.T) hostile {
	t.Helper()
	honest, other := newForger(t), newForger(t)
	header := object{"alg": "EdDSA", "kid": "k1", "typ": "JWT"}
	claims := object{
		"iss": issuer, "aud": audience, "sub": "ann", "exp": now.Add(time.Hour).Unix(),
		"tenant": "018f3a4e-0000-7000-8000-000000000001", "roles": []string{"TenantAdmin"},
	}
	good := honest.sign(t, header, claims)
	parts := strings.Split(good, ".")

	// A key server that must never be asked: the token names it itself.
	asked := new(atomic.Int32)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(other.jwks(t))
	}))
	t.Cleanup(evil.Close)

	hmacToken := func(key []byte) string {
		input := b64(mustJSON(t, with(header, "alg", "HS256"))) + "." + parts[1]
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(input))
		return input + "." + b64(mac.Sum(nil))
	}
	ecdsaToken := func() string {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		input := b64(mustJSON(t, with(header, "alg", "ES256"))) + "." + parts[1]
		digest := sha256.Sum256([]byte(input))
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return input + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	}
	tampered := []byte(parts[2])
	tampered[10] ^= 1
	claimed := func(pairs ...any) string { return honest.sign(t, header, with(claims, pairs...)) }
	headed := func(f forger, pairs ...any) string { return f.sign(t, with(header, pairs...), claims) }

	return hostile{honest.jwks(t), good, map[string]string{
		"empty":                            "",
		"no dots":                          "abc",
		"two parts":                        parts[0] + "." + parts[1],
		"four parts":                       good + ".x",
		"five parts, as a JWE":             parts[0] + "...." + parts[2],
		"not base64":                       "!." + parts[1] + "." + parts[2],
		"padded base64":                    parts[0] + "=." + parts[1] + "." + parts[2],
		"trailing newline":                 good + "\n",
		"leading space":                    " " + good,
		"JSON serialization":               `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"header not JSON":                  honest.sign(t, "nope", claims),
		"header an array":                  honest.sign(t, "[]", claims),
		"payload not JSON":                 honest.sign(t, header, "nope"),
		"payload an array":                 honest.sign(t, header, "[]"),
		"alg none, no signature":           b64(mustJSON(t, with(header, "alg", "none"))) + "." + parts[1] + ".",
		"alg None with signature":          headed(honest, "alg", "None"),
		"alg missing":                      headed(honest, "alg", nil),
		"alg in lower case":                headed(honest, "alg", "eddsa"),
		"HS256 with the public key":        hmacToken(honest.public),
		"HS256 with an empty key":          hmacToken(nil),
		"HS256 with the key set's text":    hmacToken(honest.jwks(t)),
		"ES256 with a key of its own":      ecdsaToken(),
		"signed by another key":            other.sign(t, header, claims),
		"key embedded as jwk":              headed(other, "jwk", other.jwk()),
		"key embedded, no kid":             headed(other, "jwk", other.jwk(), "kid", nil),
		"jku to a foreign set":             headed(other, "jku", evil.URL),
		"x5u to a foreign chain":           headed(other, "x5u", evil.URL),
		"x5c of its own":                   headed(other, "x5c", []string{"AAAA"}),
		"kid unknown":                      headed(honest, "kid", cuckoo),
		"kid empty":                        headed(honest, "kid", ""),
		"kid a path":                       headed(honest, "kid", "../../../dev/"+cuckoo),
		"kid a number":                     headed(honest, "kid", 1),
		"kid too long":                     headed(honest, "kid", strings.Repeat("k", 300)),
		"kid a URL":                        headed(other, "kid", evil.URL+"/"+cuckoo),
		"kid SQL":                          headed(honest, "kid", "' UNION SELECT 'cuckoo' --"),
		"kid twice":                        honest.sign(t, `{"alg":"EdDSA","kid":"cuckoo","kid":"k1"}`, claims),
		"kid with a NUL":                   headed(honest, "kid", "k1\x00"),
		"alg twice":                        honest.sign(t, `{"alg":"none","kid":"k1","alg":"EdDSA"}`, claims),
		"header not UTF-8":                 honest.sign(t, "{\"alg\":\"EdDSA\",\"kid\":\"k1\",\"x\":\"\xff\"}", claims),
		"nested in another JWT":            honest.sign(t, with(header, "cty", "JWT"), good),
		"a list of tokens":                 good + "," + good,
		"trailing dot":                     good + ".",
		"trailing dots":                    good + "...",
		"standard base64":                  parts[0] + "." + parts[1] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(parts[2]) + "+",
		"bits left over in base64":         parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])-1] + "_",
		"crit unknown":                     headed(honest, "crit", []string{"exp"}),
		"b64 false":                        headed(honest, "b64", false, "crit", []string{"b64"}),
		"tampered payload":                 parts[0] + "." + b64(mustJSON(t, with(claims, "roles", []string{"PlatformAdmin"}))) + "." + parts[2],
		"tampered signature":               parts[0] + "." + parts[1] + "." + string(tampered),
		"signature cut":                    good[:len(good)-10],
		"signature of another token":       parts[0] + "." + parts[1] + "." + strings.Split(claimed("sub", "bob"), ".")[2],
		"wrong issuer":                     claimed("iss", "https://cuckoo.example.com"),
		"issuer with a slash more":         claimed("iss", issuer+"/"),
		"issuer missing":                   claimed("iss", nil),
		"wrong audience":                   claimed("aud", cuckoo),
		"audience missing":                 claimed("aud", nil),
		"audiences of others":              claimed("aud", []string{"a", "b"}),
		"expired":                          claimed("exp", now.Add(-time.Hour).Unix()),
		"no expiry":                        claimed("exp", nil),
		"expiry a word":                    claimed("exp", "never"),
		"not yet valid":                    claimed("nbf", now.Add(time.Hour).Unix()),
		"issued in the future":             claimed("iat", now.Add(time.Hour).Unix()),
		"expiry beyond all numbers":        honest.sign(t, header, strings.Replace(string(mustJSON(t, with(claims, "exp", 1))), `"exp":1`, `"exp":1e400`, 1)),
		"expiry negative":                  claimed("exp", -1),
		"expiry a list":                    claimed("exp", []int{1}),
		"issuer a list":                    claimed("iss", []string{issuer}),
		"audience a number":                claimed("aud", 1),
		"roles an object":                  claimed("roles", object{"PlatformAdmin": true}),
		"roles with a list":                claimed("roles", []any{[]string{"PlatformAdmin"}}),
		"role with a line break":           claimed("roles", []string{"TenantAdmin\nPlatformAdmin"}),
		"claims twice":                     honest.sign(t, header, strings.Replace(string(mustJSON(t, claims)), "{", `{"roles":["PlatformAdmin"],`, 1)),
		"claims not UTF-8":                 honest.sign(t, header, strings.Replace(string(mustJSON(t, claims)), "ann", "ann\xff", 1)),
		"subject a number":                 claimed("sub", 1),
		"subject with a NUL":               claimed("sub", "ann\x00"),
		"subject with a line break":        claimed("sub", "ann\nroot"),
		"no subject":                       claimed("sub", nil),
		"subject empty":                    claimed("sub", ""),
		"subject too long":                 claimed("sub", strings.Repeat("s", 300)),
		"tenant zero":                      claimed("tenant", "00000000-0000-0000-0000-000000000000"),
		"tenant empty":                     claimed("tenant", ""),
		"tenant a list":                    claimed("tenant", []string{"018f3a4e-0000-7000-8000-000000000001"}),
		"tenant in braces":                 claimed("tenant", "{018f3a4e-0000-7000-8000-000000000001}"),
		"tenant a URN":                     claimed("tenant", "urn:uuid:018f3a4e-0000-7000-8000-000000000001"),
		"session zero":                     claimed("sid", "00000000-0000-0000-0000-000000000000"),
		"session a word":                   claimed("sid", cuckoo),
		"roles version negative":           claimed("roles_version", -1),
		"roles version a part":             claimed("roles_version", 1.5),
		"roles version beyond numbers":     claimed("roles_version", 1e300),
		"roles version a word":             claimed("roles_version", cuckoo),
		"tenant a word":                    claimed("tenant", "cuckoo' OR '1'='1"),
		"roles a string":                   claimed("roles", "PlatformAdmin"),
		"roles with a number":              claimed("roles", []any{1}),
		"roles with an empty name":         claimed("roles", []string{""}),
		"too many roles":                   claimed("roles", strings.Split(strings.Repeat("r,", 70)+"r", ",")),
		"more than 8 KiB":                  claimed("pad", strings.Repeat("x", 9<<10)),
		"a megabyte of dots":               strings.Repeat(".", 1<<20),
		"deeply nested payload over limit": honest.sign(t, header, strings.Repeat("[", 7000)),
	}, asked}
}

func TestHostileTokensAreUnauthorized(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	v := verifier(t, h.jwks)
	if _, err := v.Verify(context.Background(), h.good); err != nil {
		t.Fatalf("the honest token is refused, so the others prove nothing: %v", err)
	}
	for name, token := range h.tokens {
		if p, err := v.Verify(context.Background(), token); status(err) != 401 {
			t.Errorf("%s: Verify = %+v, %v; want 401", name, p, err)
		} else if strings.Contains(err.Error(), "runtime error") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := h.asked.Load(); n != 0 {
		t.Errorf("a server that a token named was asked %d times", n)
	}
}
