package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// The free plan has a thousand calls a day; tenancy.MaxStale is how long a change of plan may take to be noticed.
func TestAPlansCallsAreUsedUp(t *testing.T) {
	t.Parallel()
	s := serve(t, ownEngines(t))
	id, small := s.freeTenant(t, "small")
	_, large := s.freeTenant(t, "large")

	job := small.Must(t, 201, "POST", "/jobs", `{"title": "the first call"}`).Object(t).ID
	var made atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for {
				a, err := small.Send("GET", "/jobs/"+job, "")
				if err != nil || a.Status != 200 {
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
	refused := small.Do(t, "POST", "/jobs", `{"title": "one too many"}`)
	refused.WantProblem(t, 429, "QUOTA_EXCEEDED")
	rest, err := strconv.Atoi(refused.Header.Get("Retry-After"))
	tomorrow := time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour))
	if off := time.Duration(rest)*time.Second - tomorrow; err != nil || off.Abs() > time.Minute {
		t.Errorf("Retry-After is %d s, and tomorrow begins in %v", rest, tomorrow)
	}
	if got := refused.Header.Get("RateLimit"); !strings.Contains(got, fmt.Sprintf(`"daily";r=0;t=%d`, rest)) {
		t.Errorf("RateLimit: %s", got)
	}
	large.Must(t, 201, "POST", "/jobs", `{"title": "of another tenant"}`)

	s.admin.Must(t, 200, "POST", "/tenants/"+id+"/change-plan", `{"plan": "pro"}`)
	enginetest.Eventually(t, 10*time.Second, "a call on a larger plan", func() bool { return small.Do(t, "GET", "/jobs/"+job, "").Status == 200 })
	if got := small.Must(t, 200, "GET", "/jobs/"+job, "").Header.Get("RateLimit-Policy"); !strings.Contains(got, `"daily";q=50000;w=86400`) {
		t.Errorf("RateLimit-Policy: %s", got)
	}
}
