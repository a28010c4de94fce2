package authn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Issuers verifies tokens of several issuers, each by its own rules.
type Issuers map[string]*Verifier

// NewIssuers refuses two verifiers of one issuer: which of them was asked would be chance.
func NewIssuers(verifiers ...*Verifier) (Issuers, error) {
	issuers := Issuers{}
	for _, v := range verifiers {
		if issuers[v.cfg.Issuer] != nil {
			return nil, fmt.Errorf("authn: issuer %s is configured twice", v.cfg.Issuer)
		}
		issuers[v.cfg.Issuer] = v
	}
	return issuers, nil
}

// Verify is as Verifier.Verify, by the verifier of the issuer that token names:
// it chooses by whom it is judged, but each judges only those who are its own.
func (i Issuers) Verify(ctx context.Context, token string) (Principal, error) {
	raw, err := decode(token)
	if err != nil {
		return Principal{}, unauthorized(err)
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(raw[1], &claims); err != nil {
		return Principal{}, unauthorized(errors.New("the token's payload is not an object with an iss"))
	}
	v, trusted := i[claims.Issuer]
	if !trusted {
		return Principal{}, unauthorized(errors.New("the token's issuer is none that is trusted"))
	}
	return v.Verify(ctx, token)
}
