package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Time-outs against clients that are slow on purpose.
const (
	headerTimeout = 5 * time.Second
	idleTimeout   = 90 * time.Second
)

// Server serves the modules' APIs, and beside them /health/live, /health/ready,
// /metrics, /openapi.json and /docs.
type Server struct {
	cfg      Config
	metrics  *metrics
	handler  http.Handler
	checks   []check
	stopping atomic.Bool
	address  string
	listens  chan struct{} // closed when address is set
}

// NewServer lists everything that is wrong with cfg.
func NewServer(cfg Config, modules ...Module) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	m, err := newMetrics(cfg.App, cfg.Registry)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, metrics: m, listens: make(chan struct{})}
	s.handler = s.chain(s.routes(mux{modules, cfg.Limiter, cfg.BodyLimit, cfg.DepthLimit}))
	return s, nil
}

// Check adds a readiness check, e.g. "postgres". Call it before Run.
func (s *Server) Check(name string, run func(context.Context) error) {
	s.checks = append(s.checks, check{name: name, run: run})
}

// CheckOptional adds a readiness check of what requests can be served without,
// if slower or not all of them. It makes the server degraded, not unready: to
// send the requests elsewhere would not help.
func (s *Server) CheckOptional(name string, run func(context.Context) error) {
	s.checks = append(s.checks, check{name: name, optional: true, run: run})
}

// Handler is all that the server answers with, for tests.
func (s *Server) Handler() http.Handler { return s.handler }

func (s *Server) routes(modules http.Handler) http.Handler {
	metrics := promhttp.HandlerFor(s.cfg.Registry, promhttp.HandlerOpts{Registry: s.cfg.Registry})
	pages := map[string]http.Handler{
		"/health/live":  http.HandlerFunc(live),
		"/health/ready": http.HandlerFunc(s.ready),
		"/metrics":      metrics,
	}
	if len(s.cfg.OpenAPI) > 0 {
		addDocs(pages, s.cfg.OpenAPI)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			modules.ServeHTTP(w, r)
			return
		}
		exchangeOf(r.Context()).operation = r.URL.Path // one of a fixed few
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			MethodNotAllowed(w, r, "GET, HEAD")
			return
		}
		page.ServeHTTP(w, r)
	})
}

// Address returns host:port once the server listens.
func (s *Server) Address(ctx context.Context) (string, error) {
	select {
	case <-s.listens:
		return s.address, nil
	case <-ctx.Done():
		return "", fmt.Errorf("httpx: the server does not listen yet: %w", context.Cause(ctx))
	}
}

// Run serves until ctx ends, once per Server. Then it is first not ready, for
// DrainDelay, so that no new requests are sent here; then running requests may
// end, for StopTimeout; then it stops, and returns nil.
func (s *Server) Run(ctx context.Context) error {
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	server := s.httpServer()
	served := make(chan error, 1)
	go func() { served <- server.Serve(problemListener{listener}) }()
	s.address = listener.Addr().String()
	close(s.listens)
	s.cfg.Log.InfoContext(ctx, "listening", "address", s.address)

	select {
	case err := <-served:
		return fmt.Errorf("httpx: serve on %s: %w", s.address, err)
	case <-ctx.Done():
	}
	err = s.stop(server)
	<-served // http.ErrServerClosed
	return err
}

func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	if s.cfg.Listener != nil {
		return s.cfg.Listener, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("httpx: listen on %s: %w", s.cfg.Addr, err)
	}
	return listener, nil
}

func (s *Server) httpServer() *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       s.cfg.Timeout + headerTimeout,
		WriteTimeout:      s.cfg.Timeout + 2*headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    s.cfg.HeaderLimit,
		// OPTIONS * is a request like others.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelWarn),
	}
}

func (s *Server) stop(server *http.Server) error {
	s.stopping.Store(true)
	if s.cfg.DrainDelay > 0 {
		<-time.After(s.cfg.DrainDelay)
	}
	// A context of its own: the one that told us to stop has ended.
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.StopTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.cfg.Log.WarnContext(ctx, "requests were cut off because they ran longer than the time to stop", "limit", s.cfg.StopTimeout)
		err = server.Close()
	}
	if err != nil {
		return fmt.Errorf("httpx: stop: %w", err)
	}
	return nil
}
