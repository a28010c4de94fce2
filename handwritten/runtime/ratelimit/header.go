package ratelimit

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// State is one limit as a client is told of it.
type State struct {
	// Name of the limit, e.g. "tenant" or "daily".
	Name string
	// Quota calls may be made in each Window.
	Quota  int64
	Window time.Duration
	// Left calls may be made at once; then more may be after Reset.
	Left  int64
	Reset time.Duration
}

// State describes a verdict of the limiter.
func (l *Limiter) State(v Verdict) State {
	reset := v.Wait
	if v.OK {
		reset = l.cfg.Rate.until(float64(l.cfg.Rate.Burst - v.Left))
	}
	return State{Name: l.cfg.Name, Quota: l.cfg.Rate.Burst, Window: l.cfg.Rate.Window(), Left: v.Left, Reset: reset}
}

// Tell adds the fields RateLimit-Policy and RateLimit for a limit, by
// draft-ietf-httpapi-ratelimit-headers-10: quota q and window w, what remains r
// and the seconds t until there is more. Several limits are members of one list.
func (s State) Tell(h http.Header) {
	add(h, "Ratelimit-Policy", `"`+s.Name+`";q=`+strconv.FormatInt(s.Quota, 10)+`;w=`+Seconds(s.Window))
	add(h, "Ratelimit", `"`+s.Name+`";r=`+strconv.FormatInt(max(0, s.Left), 10)+`;t=`+Seconds(s.Reset))
}

func add(h http.Header, name, member string) {
	if before := h.Get(name); before != "" {
		member = before + ", " + member
	}
	h.Set(name, member)
}

// Seconds are whole, rounded up, as in Retry-After (RFC 9110, 10.2.3).
func Seconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(max(0, d).Seconds())), 10)
}
