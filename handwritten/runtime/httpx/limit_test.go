package httpx_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// limiter tells what it was asked, and refuses when it is told to.
type limiter struct {
	seen    []string
	refuses bool
}

func (l *limiter) Admit(ctx context.Context, op httpx.Operation, answer http.Header) error {
	who, _ := authn.From(ctx)
	l.seen = append(l.seen, op.Name+" "+who.Subject+" "+httpx.Address(ctx).String())
	answer.Set("RateLimit", "told")
	if l.refuses {
		answer.Set("Retry-After", "7")
		return problem.RateLimited("tenant")
	}
	return nil
}

func TestCallsAreLimited(t *testing.T) {
	t.Parallel()
	reached := 0
	l := &limiter{}
	s, _ := newServer(t, httpx.Config{Limiter: l}, module("jobs", map[string]http.HandlerFunc{"GET /jobs": func(w http.ResponseWriter, r *http.Request) {
		reached++
		ok(w, r)
	}}))
	if w := do(t, s, request("GET", "/jobs", "", "")); w.Code != 200 || w.Header().Get("RateLimit") != "told" {
		t.Errorf("admitted: %d, RateLimit %q", w.Code, w.Header().Get("RateLimit"))
	}
	l.refuses = true
	w := do(t, s, request("GET", "/jobs", "", ""))
	wantProblem(t, w, 429, "RATE_LIMITED")
	if w.Header().Get("Retry-After") != "7" || w.Header().Get("RateLimit") != "told" {
		t.Errorf("refused with %v", w.Header())
	}
	do(t, s, httptest.NewRequest("GET", "/jobs", http.NoBody)) // without a token
	do(t, s, request("GET", "/health/live", "", ""))
	if reached != 1 || len(l.seen) != 2 || l.seen[0] != "jobs.jobs ann 192.0.2.1" {
		t.Errorf("%d calls reached the module, the limiter saw %q", reached, l.seen)
	}
}
