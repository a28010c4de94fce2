package authn_test

import (
	"context"
	"testing"
	"time"
)

// TestProvenTokenExpires: that a signature was good says nothing about the time.
func TestProvenTokenExpires(t *testing.T) {
	t.Parallel()
	server, c, keys := newKeyServer(t), &clock{}, devKeys(t)
	jwks := keys.JWKS()
	server.jwks.Store(&jwks)
	v, token := server.verifier(t, c), issue(t, keys, c)
	for range 2 {
		if p, err := v.Verify(context.Background(), token); err != nil || p.Subject != "ann" {
			t.Fatalf("Verify = %+v, %v", p, err)
		}
	}
	c.advance(25 * time.Hour)
	if _, err := v.Verify(context.Background(), token); status(err) != 401 {
		t.Errorf("a token that has expired since it was proven: %v, want 401", err)
	}
}

// TestProvenTokenNeedsItsKey: a key that took over another's id proves none of its tokens.
func TestProvenTokenNeedsItsKey(t *testing.T) {
	t.Parallel()
	server, c, before, after := newKeyServer(t), &clock{}, newForger(t), newForger(t)
	jwks := before.jwks(t)
	server.jwks.Store(&jwks)
	v := server.verifier(t, c)
	token := before.sign(t, object{"alg": "EdDSA", "kid": "k1"}, object{"iss": issuer, "aud": audience, "sub": "ann", "exp": now.Add(time.Hour).Unix()})
	if _, err := v.Verify(context.Background(), token); err != nil {
		t.Fatal(err)
	}
	replaced := after.jwks(t)
	server.jwks.Store(&replaced)
	c.advance(11 * time.Minute)
	if _, err := v.Verify(context.Background(), token); status(err) != 401 {
		t.Errorf("a token whose key id has another key now: %v, want 401", err)
	}
}
