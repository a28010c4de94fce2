// Package webhook tells whether a call of another service is its own and new.
//
// The caller sends a header like
//
//	Webhook-Signature: t=1767225600,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
//
// where t is when it signed, in seconds since 1970, and v1 the HMAC-SHA256
// (RFC 2104) of t, a full stop and the body, in hexadecimal. While a secret is
// replaced, both sides may use two: the caller sends a v1 for each.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/secret"
)

// Header is where the signature is.
const Header = "Webhook-Signature"

// Tolerance is how far the time of a signature may be from ours.
const Tolerance = 5 * time.Minute

// maxSignatures bounds the work that one header makes.
const maxSignatures = 4

// What is wrong with a call.
var (
	ErrSignature = errors.New("webhook: the signature is missing or not of this body")
	ErrTime      = errors.New("webhook: the signature was made too long ago, or in the future")
)

// Verify returns nil if header was made with one of secrets for body, within
// Tolerance of now; else ErrSignature, or ErrTime if only the time is wrong. How
// long it takes says nothing of the secrets.
func Verify(header string, body []byte, secrets []secret.Text, now time.Time) error {
	signed, signatures, err := parse(header)
	if err != nil {
		return err
	}
	genuine := false
	for _, s := range secrets {
		want := mac(s, signed, body)
		for _, signature := range signatures {
			genuine = hmac.Equal(want, signature) || genuine
		}
	}
	seconds, err := strconv.ParseInt(signed, 10, 64)
	switch {
	case !genuine || err != nil:
		return ErrSignature
	case now.Sub(time.Unix(seconds, 0)).Abs() > Tolerance:
		return ErrTime
	}
	return nil
}

// parse takes a header apart. What is not t or v1 belongs to schemes to come.
func parse(header string) (signed string, signatures [][]byte, err error) {
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if signed != "" {
				return "", nil, ErrSignature // which one holds?
			}
			signed = value
		case "v1":
			signature, err := hex.DecodeString(value)
			if err != nil || len(signatures) == maxSignatures {
				return "", nil, ErrSignature
			}
			signatures = append(signatures, signature)
		}
	}
	return signed, signatures, nil
}

// Sign returns the header for a body, signed at a time with all secrets.
func Sign(at time.Time, body []byte, secrets ...secret.Text) string {
	signed := strconv.FormatInt(at.Unix(), 10)
	header := "t=" + signed
	for _, s := range secrets {
		header += ",v1=" + hex.EncodeToString(mac(s, signed, body))
	}
	return header
}

func mac(key secret.Text, signed string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write([]byte(signed))
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}
