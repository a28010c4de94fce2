package httpx

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address is where a request comes from, as far as it can be trusted; invalid outside of one.
func Address(ctx context.Context) netip.Addr { return exchangeOf(ctx).address }

// addressOf is the peer's address, or, where the peer is one of our proxies,
// the last address in X-Forwarded-For that is not: each proxy appends whom it
// was asked by, and what stands before the first one of ours anybody may have written.
func addressOf(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	address := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(address) }) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = before.Unmap()
	}
	return address
}

// Browsers take a cookie of this prefix only from the very host, and only for
// all of it and over TLS, or from their own machine.
const (
	deviceCookie  = "__Host-oksai-device"
	deviceSeconds = 365 * 24 * 60 * 60
	maxDevice     = 64
)

// Device is the secret by which a client was recognised that SetDevice gave it; empty for none.
func Device(ctx context.Context) string { return exchangeOf(ctx).device }

func deviceOf(r *http.Request) string {
	if c, err := r.Cookie(deviceCookie); err == nil && len(c.Value) <= maxDevice {
		return c.Value
	}
	return ""
}

// SetDevice sends a cookie with the answer by which the client is recognised
// for a year. Call it before the answer begins.
func SetDevice(ctx context.Context, device string) {
	answer := exchangeOf(ctx).answer
	if answer == nil {
		return
	}
	cookie := http.Cookie{
		Name: deviceCookie, Value: device, Path: "/", MaxAge: deviceSeconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	answer.Add("Set-Cookie", cookie.String())
}
