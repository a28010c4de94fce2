package httpx

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
)

// chain puts around the modules what every request needs, outermost first.
func (s *Server) chain(modules http.Handler) http.Handler {
	return s.observe(s.recover(secure(s.limit(modules))))
}

// observe gives the request its identity, and tells of it when it is done.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		x := newExchange(r, s.cfg.Proxies)
		rec := &recorder{ResponseWriter: w, x: x}
		x.answer = rec.Header()
		rec.Header().Set(RequestIDHeader, x.id.String())
		rec.Header().Set(CorrelationIDHeader, x.correlation.String())
		// Deferred: a handler may abort the connection by a panic.
		defer func() {
			took := time.Since(started)
			s.metrics.observe(x.operation, rec.statusClass(), took)
			s.logAccess(r, rec, took)
		}()
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
	})
}

// logAccess writes no query, header or body: they may hold secrets and personal data.
func (s *Server) logAccess(r *http.Request, rec *recorder, took time.Duration) {
	x, level := rec.x, slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("operation", x.operation),
		slog.Int("status", rec.code()), slog.Int64("bytes", rec.written), slog.Duration("took", took),
		slog.String("request", x.id.String()), slog.String("trace", x.traceID),
	}
	if x.principal.Subject != "" {
		attrs = append(attrs, slog.String("subject", x.principal.Subject))
	}
	if x.principal.Tenant != uuid.Nil {
		attrs = append(attrs, slog.String("tenant", x.principal.Tenant.String()))
	}
	if x.cause != nil {
		attrs = append(attrs, slog.String("error", x.cause.Error()))
	}
	if rec.code() >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.cfg.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// recover answers a panic with a problem that leaks nothing; the stack is logged.
func (s *Server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { // net/http's own way to drop a connection
				panic(p)
			}
			s.cfg.Log.ErrorContext(r.Context(), "panic while serving a request", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if w.(*recorder).status != 0 {
				panic(http.ErrAbortHandler) // half an answer is out: the client must notice that it is cut
			}
			WriteProblem(r.Context(), w, errInternal().Because(fmt.Errorf("panic: %v", p)))
		}()
		next.ServeHTTP(w, r)
	})
}

// secure sets what a browser must not do with the answers. The pages for people
// replace the policy by one of their own.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// limit bounds a request's time.
func (s *Server) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Timeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// recorder remembers what was answered, and adds the headers that follow from a status.
type recorder struct {
	http.ResponseWriter
	x       *exchange
	status  int
	written int64
}

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && status >= 200 { // 1xx are only announcements
		rec.status = status
		h := rec.Header()
		if status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", "Bearer")
		}
		if rec.x.retryLater && h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.WriteHeader(http.StatusOK)
	}
	n, err := rec.ResponseWriter.Write(b)
	rec.written += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController flush.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// code is the status; net/http sends 200 for a handler that wrote nothing.
func (rec *recorder) code() int {
	if rec.status == 0 {
		return http.StatusOK
	}
	return rec.status
}

func (rec *recorder) statusClass() string { return fmt.Sprintf("%dxx", rec.code()/100) }
