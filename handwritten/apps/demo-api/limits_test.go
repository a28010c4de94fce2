package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The free plan has a thousand calls a day; tenancy.MaxStale is how long a change of plan may take to be noticed.
func TestAPlansCallsAreUsedUp(t *testing.T) {
	t.Parallel()
	s := serve(t, ownEngines(t))
	id, small := s.freeTenant(t, "small")
	_, large := s.freeTenant(t, "large")

	job := decode[object](t, small.must(t, 201, "POST", "/jobs", `{"title": "the first call"}`)).ID
	var made atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for {
				a, err := small.send("GET", "/jobs/"+job, "")
				if err != nil || a.status != 200 {
					return
				}
				made.Add(1)
			}
		})
	}
	clients.Wait()
	if got := made.Load(); got != 999 {
		t.Errorf("%d calls after the first of 1000", got)
	}
	refused := small.do(t, "POST", "/jobs", `{"title": "one too many"}`)
	wantProblem(t, refused, 429, "QUOTA_EXCEEDED")
	rest, err := strconv.Atoi(refused.header.Get("Retry-After"))
	tomorrow := time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour))
	if off := time.Duration(rest)*time.Second - tomorrow; err != nil || off.Abs() > time.Minute {
		t.Errorf("Retry-After is %d s, and tomorrow begins in %v", rest, tomorrow)
	}
	if got := refused.header.Get("RateLimit"); !strings.Contains(got, fmt.Sprintf(`"daily";r=0;t=%d`, rest)) {
		t.Errorf("RateLimit: %s", got)
	}
	large.must(t, 201, "POST", "/jobs", `{"title": "of another tenant"}`)

	s.admin.must(t, 200, "POST", "/tenants/"+id+"/change-plan", `{"plan": "pro"}`)
	eventually(t, 10*time.Second, "a call on a larger plan", func() bool { return small.do(t, "GET", "/jobs/"+job, "").status == 200 })
	if got := small.must(t, 200, "GET", "/jobs/"+job, "").header.Get("RateLimit-Policy"); !strings.Contains(got, `"daily";q=50000;w=86400`) {
		t.Errorf("RateLimit-Policy: %s", got)
	}
}
