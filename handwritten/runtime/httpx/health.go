package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
)

type check struct {
	name     string
	optional bool // requests can be served without it
	run      func(context.Context) error
}

// errPanicked stands for a check that panicked: it must not take the process with it.
var errPanicked = errors.New("the check panicked")

// live says only that the process answers. It looks at no database: to restart
// the process would not help that.
func live(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, health{Status: "ok"})
}

type health struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// ready says whether requests should be sent here. What a check found goes to
// the log; the answer is public and names only the part.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.stopping.Load() {
		writeHealth(w, http.StatusServiceUnavailable, health{Status: "stopping"})
		return
	}
	h, status := health{Status: "ok", Checks: map[string]string{}}, http.StatusOK
	for i, err := range s.runChecks(r.Context()) {
		name := s.checks[i].name
		h.Checks[name] = "ok"
		if err != nil {
			h.Checks[name] = "unavailable"
			if !s.checks[i].optional {
				h.Status, status = "unavailable", http.StatusServiceUnavailable
			} else if status == http.StatusOK {
				h.Status = "degraded"
			}
			s.cfg.Log.WarnContext(r.Context(), "a readiness check failed", "check", name, "error", err)
		}
	}
	writeHealth(w, status, h)
}

func (s *Server) runChecks(ctx context.Context) []error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.CheckTimeout)
	defer cancel()
	errs := make([]error, len(s.checks))
	var all sync.WaitGroup
	for i, c := range s.checks {
		all.Go(func() {
			defer func() {
				if recover() != nil {
					errs[i] = errPanicked
				}
			}()
			errs[i] = c.run(ctx)
		})
	}
	all.Wait()
	return errs
}

func writeHealth(w http.ResponseWriter, status int, h health) {
	body, err := json.Marshal(h)
	if err != nil {
		panic(err) // a struct of strings
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
